/**
 * What a browser and an authenticator say to each other, as WebAuthn level 3 has it. The library that reads the answers is
 * loaded with the first of them: nobody else needs it.
 */
import { hash } from 'node:crypto'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'

export type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'

/** Us, as an authenticator knows us. */
export interface RelyingParty {
  /** A host, or what it ends in: `PASSKEY_RP_ID`. */
  readonly id: string
  /** Whose pages may ask for an answer, letter for letter. */
  readonly origins: readonly string[]
}

/** What is kept of a passkey. Nothing of it is secret; bytes are base64url. */
export interface Credential {
  readonly credentialId: string
  readonly publicKey: string
  /** What the authenticator calls its user: random, one for all passkeys of a user. */
  readonly userHandle: string
  readonly transports: readonly string[]
  readonly aaguid: string
  /** Whether it may be copied to other devices, which never changes, and whether it is. */
  readonly backupEligible: boolean
  readonly backedUp: boolean
  /** Noted, not enforced: those that are copied count nothing (WebAuthn section 6.1.1). */
  readonly counter: number
}

/** ES256, EdDSA and RS256, as COSE numbers them: Windows Hello needs the last one. */
const algorithms = [-7, -8, -257]

/** Credentials under which the authenticator is asked. */
const described = ({ credentialId, transports }: Credential) => ({ type: 'public-key', id: credentialId, transports })

export interface NewCredential {
  readonly challenge: string
  readonly username: string
  readonly userHandle: string
  readonly seconds: number
  /** Passkeys of this user, so that one authenticator holds one. */
  readonly others: readonly Credential[]
}

/** `PublicKeyCredentialCreationOptionsJSON` (WebAuthn section 5.1.9). Discoverable: so it can be used without a name, too. */
export function creationOptions(
  { id }: RelyingParty,
  { challenge, username, userHandle, seconds, others }: NewCredential,
) {
  return {
    challenge,
    rp: { id, name: id },
    user: { id: userHandle, name: username, displayName: username },
    pubKeyCredParams: algorithms.map(alg => ({ type: 'public-key', alg })),
    timeout: seconds * 1000,
    excludeCredentials: others.map(described),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'preferred' },
    attestation: 'none',
  }
}

/**
 * `PublicKeyCredentialRequestOptionsJSON` (WebAuthn section 5.1.10).
 * @param among these; any of ours, of a user that the authenticator shall name, when not given
 */
export function requestOptions(
  { id }: RelyingParty,
  challenge: string,
  seconds: number,
  among?: readonly Credential[],
) {
  return {
    challenge,
    rpId: id,
    timeout: seconds * 1000,
    allowCredentials: (among ?? []).map(described),
    userVerification: among ? 'preferred' : 'required',
  }
}

/** What the browser says that the answer is about. Nothing of it is proven yet. @returns undefined when it is not legible */
export function claimedChallenge(response: { readonly clientDataJSON: string }): string | undefined {
  const { challenge } = clientDataOf(response)
  return typeof challenge === 'string' ? challenge : undefined
}

/** Under which a credential is stored and found: its own id may be long, and is chosen by a stranger. */
export function factorIdOf(credentialId: string): string {
  return hash('sha256', credentialId, 'base64url')
}

/**
 * The library that reads answers. Loaded before an answer is judged and not while it is: when it cannot be loaded, that is no
 * fault of the answer, and must not look like one.
 */
export async function loadLibrary() {
  const { verifyRegistrationResponse, verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  return { verifyRegistrationResponse, verifyAuthenticationResponse, decodeAttestationObject }
}

export type Library = Awaited<ReturnType<typeof loadLibrary>>

/** WebAuthn section 7.1. @throws {Error} with what is wrong, for the log */
export async function readNewCredential(
  { verifyRegistrationResponse, decodeAttestationObject }: Library,
  rp: RelyingParty,
  response: RegistrationResponseJSON,
  challenge: string,
  userHandle: string,
): Promise<Credential> {
  requireOwnFrame(response.response)
  requireNoCertificate(decodeAttestationObject(Buffer.from(response.response.attestationObject, 'base64url')))
  const { verified, registrationInfo: made } = await verifyRegistrationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: [...rp.origins],
    expectedRPID: rp.id,
    requireUserVerification: false,
    supportedAlgorithmIDs: algorithms,
  })
  if (!verified) throw new Error('the attestation does not verify')
  const { credential, aaguid, credentialDeviceType, credentialBackedUp } = made
  return {
    credentialId: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    userHandle,
    transports: knownTransports(response.response.transports),
    aaguid,
    backupEligible: credentialDeviceType === 'multiDevice',
    backedUp: credentialBackedUp,
    counter: credential.counter,
  }
}

/**
 * WebAuthn section 7.2.
 * @returns the credential as it is now, and whether the authenticator verified its user (a PIN, a fingerprint)
 * @throws {Error} with what is wrong, for the log
 */
export async function readAssertion(
  { verifyAuthenticationResponse }: Library,
  rp: RelyingParty,
  response: AuthenticationResponseJSON,
  challenge: string,
  known: Credential,
): Promise<{ readonly credential: Credential; readonly userVerified: boolean }> {
  requireOwnFrame(response.response)
  const { verified, authenticationInfo: said } = await verifyAuthenticationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: [...rp.origins],
    expectedRPID: rp.id,
    requireUserVerification: false,
    credential: { id: known.credentialId, publicKey: Buffer.from(known.publicKey, 'base64url'), counter: 0 },
  })
  if (!verified) throw new Error('the signature does not verify')
  if ((said.credentialDeviceType === 'multiDevice') !== known.backupEligible)
    throw new Error('another backup eligibility')
  const credential = { ...known, backedUp: said.credentialBackedUp, counter: said.newCounter }
  return { credential, userVerified: said.userVerified }
}

/** Whoever frames one of our pages would get the answer of a user who sees another page (WebAuthn section 13.4.2). */
function requireOwnFrame(response: { readonly clientDataJSON: string }): void {
  const { crossOrigin = false, topOrigin } = clientDataOf(response)
  if (crossOrigin !== false || topOrigin !== undefined) throw new Error('the page was in a frame of another origin')
}

/**
 * We ask for no attestation, so there is none but that of the key itself. Statements with certificates are not looked at:
 * whoever sends one would have the library fetch revocation lists from addresses of their choice.
 */
function requireNoCertificate(attestation: ReturnType<Library['decodeAttestationObject']>): void {
  const isPlain = attestation.get('fmt') === 'none'
  const isOfItself = attestation.get('fmt') === 'packed' && attestation.get('attStmt').get('x5c') === undefined
  if (!isPlain && !isOfItself) throw new Error('an attestation that nobody asked for')
}

function clientDataOf({ clientDataJSON }: { readonly clientDataJSON: string }): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()))
  } catch {
    return {}
  }
}

/** What the browser will be told again, so no text of a stranger's. */
function knownTransports(transports: readonly string[] = []): string[] {
  const known = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']
  return known.filter(one => transports.includes(one))
}
