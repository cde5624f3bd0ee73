/**
 * The keys of this instance: which one signs, and which ones verify. Access tokens are signed with the secret itself
 * (HS256) or the database's current key; refresh tokens always with a key derived from the secret, so that whoever
 * verifies access tokens can neither make nor mistake a refresh token, and rotating signing keys logs nobody out.
 */
import type { Audit } from '../base/audit.ts'
import { type Algorithm, createJws, type Jws } from '../jws/jws.ts'
import type { KeyStore } from '../stores/stores.ts'
import type { RotationSettings } from './rotation.ts'
import { deriveKey } from './secret.ts'
import type { PublicJwk } from './signing-key.ts'
import { createSigningKeys, type SigningKeys } from './signing-keys.ts'

export type TokenType = 'at+jwt' | 'rt+jwt'

export interface KeyRing {
  /** The key that signs tokens of this type. */
  signer(typ: TokenType): Jws
  /** The key with this `kid`, for tokens of this type. Unknown ones never cause a read. */
  find(typ: TokenType, kid: string): Jws | undefined
  /** The public keys (none under HS256), and for how many seconds they may be kept. */
  jwks(): { readonly keys: readonly PublicJwk[]; readonly maxAgeSeconds: number }
  /** When the key that signs took over; undefined under HS256, whose secret has no date. */
  signsSince(): number | undefined
  /** Another number whenever a verifying key has come or gone. */
  readonly version: number
  /** Reads the ring from the database and does what is due. @throws {Error} when no secret decrypts it */
  sync(): Promise<void>
}

export interface KeyRingOptions {
  /** The first signs, all verify. */
  readonly secrets: readonly [string, ...string[]]
  /** 32 random bytes that belong to the database. */
  readonly salt: Buffer
  readonly algorithm: Algorithm
  readonly store: KeyStore
  readonly settings: RotationSettings
  readonly audit: Audit
}

/** The ring, synchronised once. */
export async function createKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { secrets, salt, algorithm } = options
  const access = new Map<string, Jws>()
  const refresh = new Map<string, Jws>()
  for (const secret of secrets) {
    const kid = deriveKey(secret, salt, 'signet kid', 9).toString('base64url')
    const refreshSecret = deriveKey(secret, salt, 'signet refresh token').toString('base64url')
    refresh.set(kid, await createJws({ kid, alg: 'HS256', typ: 'rt+jwt', secret: refreshSecret }))
    if (algorithm === 'HS256') access.set(kid, await createJws({ kid, alg: 'HS256', typ: 'at+jwt', secret }))
  }
  const accessKeys =
    algorithm === 'HS256'
      ? fixedKeys(access)
      : createSigningKeys({ ...options, alg: algorithm, sealingKeys: sealingKeys(secrets, salt) })
  await accessKeys.sync()

  return {
    signer: typ => (typ === 'at+jwt' ? accessKeys.current() : first(refresh)),
    find: (typ, kid) => (typ === 'at+jwt' ? accessKeys.find(kid) : refresh.get(kid)),
    jwks: accessKeys.jwks,
    signsSince: accessKeys.signsSince,
    get version() {
      return accessKeys.version
    },
    sync: accessKeys.sync,
  }
}

/** The keys under which the private halves of signing keys lie in the database; the first seals new ones. */
export function sealingKeys([secret, ...others]: readonly [string, ...string[]], salt: Buffer): [Buffer, ...Buffer[]] {
  const derive = (from: string) => deriveKey(from, salt, 'signet key ring')
  return [derive(secret), ...others.map(derive)]
}

/** Secrets change with a restart only. */
function fixedKeys(keys: ReadonlyMap<string, Jws>): SigningKeys {
  return {
    current: () => first(keys),
    find: kid => keys.get(kid),
    jwks: () => ({ keys: [], maxAgeSeconds: 300 }),
    signsSince: () => undefined,
    version: 0,
    sync: async () => {},
  }
}

/** A Map keeps the order of insertion: the first secret signs. */
function first(keys: ReadonlyMap<string, Jws>): Jws {
  return keys.values().next().value as Jws
}
