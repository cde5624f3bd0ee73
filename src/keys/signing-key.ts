/**
 * An asymmetric signing key: made, named, published and kept. The private half leaves this module only encrypted or into
 * the signer.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type JsonWebKey } from 'node:crypto'
import { promisify } from 'node:util'
import type { AsymmetricAlgorithm } from '../jws/jws.ts'
import { seal, unseal } from './sealed.ts'

/** A public key as it is published (RFC 7517 section 4, RFC 7518 section 6). */
export interface PublicJwk extends JsonWebKey {
  readonly kid: string
  readonly use: 'sig'
  readonly alg: AsymmetricAlgorithm
}

export interface SigningKeyPair {
  readonly kid: string
  readonly publicJwk: PublicJwk
  /** PKCS #8 in PEM. */
  readonly privatePem: string
}

const generate = promisify(generateKeyPair)

/** A new key pair. RSA keys have 3072 bits (NIST SP 800-57: good beyond 2030); making one takes about a second. */
export async function generateSigningKey(alg: AsymmetricAlgorithm): Promise<SigningKeyPair> {
  const { publicKey, privateKey } =
    alg === 'ES256'
      ? await generate('ec', { namedCurve: 'P-256' })
      : alg === 'EdDSA'
        ? await generate('ed25519')
        : await generate('rsa', { modulusLength: 3072 })
  const jwk = publicKey.export({ format: 'jwk' })
  const kid = thumbprint(jwk)
  const privatePem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  return { kid, publicJwk: { ...jwk, kid, use: 'sig', alg }, privatePem }
}

/** The RFC 7638 thumbprint: SHA-256 over the required members in lexicographic order. */
export function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const members = JSON.stringify({ crv, e, kty, n, x, y }) // absent ones are left out, and these are in order
  return createHash('sha256').update(members).digest('base64url')
}

export function publicPem(jwk: PublicJwk): string {
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' }).toString()
}

/** Under a derived key, and as the key of this `kid` and no other. */
export function encryptPrivateKey(pem: string, kid: string, key: Buffer): string {
  return seal(Buffer.from(pem), kid, key)
}

/** @returns the PEM, or undefined when this is not the key it was encrypted under */
export function decryptPrivateKey(encrypted: string, kid: string, key: Buffer): string | undefined {
  const pem = unseal(encrypted, kid, key)
  try {
    return pem && createPrivateKey(pem).export({ format: 'pem', type: 'pkcs8' }).toString()
  } catch {
    return undefined
  }
}
