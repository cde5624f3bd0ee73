/**
 * An authenticator in software, with the page that asks it: it signs as WebAuthn level 3 says, and says whatever a test
 * wants it to say. What real ones do, a browser shows (test/browser/passkeys.test.ts).
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '../../src/factors/webauthn.ts'

export interface Says {
  readonly origin?: string
  readonly rpId?: string
  readonly type?: string
  readonly challenge?: string
  readonly userPresent?: boolean
  readonly userVerified?: boolean
  readonly backupEligible?: boolean
  readonly backedUp?: boolean
  readonly userHandle?: string | undefined
  readonly counter?: number
  /** Further members of the client data. */
  readonly clientData?: object
  /** CBOR: the text of the format and the map of the statement. */
  readonly attestation?: readonly [format: string, statement: Buffer]
  /** The key signs for itself (WebAuthn section 8.2). */
  readonly isSelfAttested?: boolean
}

/** What is read here of the options of a question. */
export interface Options {
  readonly challenge: string
  readonly user?: { readonly id: string }
}

export interface Authenticator {
  readonly credentialId: string
  create(options: object, says?: Says): RegistrationResponseJSON
  get(options: object, says?: Says): AuthenticationResponseJSON
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest()
const base64url = (data: string | Buffer) => Buffer.from(data).toString('base64url')

export type KeyKind = 'ES256' | 'EdDSA' | 'RS256'

/** A pair of keys, the public one as COSE has it (RFC 9053 sections 2 and 7, RFC 8230 section 4). */
function newKeys(kind: KeyKind): { privateKey: KeyObject; cose: Buffer } {
  const pair =
    kind === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : kind === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 1024 }) // short, as each takes its time to be found
  const { x = '', y = '', n = '' } = pair.publicKey.export({ format: 'jwk' })
  const member = (value: string) => bytes(Buffer.from(value, 'base64url'))
  const hex = (value: string) => Buffer.from(value, 'hex')
  const cose = {
    ES256: [hex('a501020326200121'), member(x), hex('22'), member(y)], // {1: 2, 3: -7, -1: 1 (P-256), -2: x, -3: y}
    EdDSA: [hex('a401010327200621'), member(x)], // {1: 1, 3: -8, -1: 6 (Ed25519), -2: x}
    RS256: [hex('a401030339010020'), member(n), hex('2143010001')], // {1: 3, 3: -257, -1: n, -2: 65537}
  }[kind]
  return { privateKey: pair.privateKey, cose: Buffer.concat(cose) }
}

/** @param usual what it says when a test does not say otherwise */
export function createAuthenticator(
  usual: Says & { origin: string; rpId: string },
  kind: KeyKind = 'ES256',
): Authenticator {
  const { privateKey, cose } = newKeys(kind)
  const signature = (data: Buffer) => sign(kind === 'EdDSA' ? null : 'sha256', data, privateKey)
  const id = randomBytes(16)
  const credentialId = base64url(id)
  let userHandle: string | undefined
  let counter = 0

  function clientData(type: string, { challenge }: Options, says: Says): string {
    const origin = says.origin ?? usual.origin
    const said = { type: says.type ?? type, challenge: says.challenge ?? challenge, origin, crossOrigin: false }
    return base64url(JSON.stringify({ ...said, ...says.clientData }))
  }

  /** WebAuthn section 6.1. */
  function authenticatorData(given: Says, attested = Buffer.alloc(0)): Buffer {
    const says = { userPresent: true, userVerified: true, backupEligible: false, backedUp: false, ...usual, ...given }
    const flags =
      Number(says.userPresent) |
      (Number(says.userVerified) << 2) |
      (Number(says.backupEligible) << 3) |
      (Number(says.backedUp) << 4) |
      (Number(attested.length > 0) << 6)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(says.counter ?? counter++)
    return Buffer.concat([sha256(says.rpId), Buffer.from([flags]), count, attested])
  }

  return {
    credentialId,

    create(options, says = {}) {
      const asked = options as Options
      userHandle = asked.user?.id
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, cose])
      const data = authenticatorData(says, attested)
      const clientDataJSON = clientData('webauthn.create', asked, says)
      const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))])
      // {"alg": -7, "sig": …}
      const ofItself = () =>
        Buffer.concat([Buffer.from([0xa2]), text('alg'), Buffer.from([0x26]), text('sig'), bytes(signature(signed))])
      const usually = says.isSelfAttested ? (['packed', ofItself()] as const) : (['none', Buffer.from([0xa0])] as const)
      const [format, statement] = says.attestation ?? usually
      const attestation = Buffer.concat([
        Buffer.from([0xa3]),
        ...[text('fmt'), text(format), text('attStmt'), statement, text('authData'), bytes(data)],
      ])
      return {
        id: credentialId,
        rawId: credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON,
          attestationObject: base64url(attestation),
          transports: ['internal', 'a transport of nobody'],
        },
      }
    },

    get(options, says = {}) {
      const clientDataJSON = clientData('webauthn.get', options as Options, says)
      const data = authenticatorData(says)
      const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))])
      const handle = 'userHandle' in says ? says.userHandle : userHandle
      return {
        id: credentialId,
        rawId: credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON,
          authenticatorData: base64url(data),
          signature: base64url(signature(signed)),
          ...(handle !== undefined && { userHandle: handle }),
        },
      }
    },
  }
}

/** CBOR (RFC 8949), short ones. */
export function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])
}

export function bytes(value: Buffer): Buffer {
  const { length } = value
  const head = length < 24 ? [0x40 + length] : length < 256 ? [0x58, length] : [0x59, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(head), value])
}
