/**
 * An asymmetric signing key: made, named, published and kept. The private half leaves this module only encrypted or into
 * the signer.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  randomBytes,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { AsymmetricAlgorithm } from '../jws/jws.ts'

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

/** AES-256-GCM under a derived key; the `kid` is authenticated, so that no row can carry another row's key. */
export function encryptPrivateKey(pem: string, kid: string, key: Buffer): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(kid))
  const sealed = Buffer.concat([cipher.update(pem, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** @returns the PEM, or undefined when this is not the key it was encrypted under */
export function decryptPrivateKey(encrypted: string, kid: string, key: Buffer): string | undefined {
  const bytes = Buffer.from(encrypted, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(kid)).setAuthTag(bytes.subarray(12, 28))
    const pem = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
    return createPrivateKey(pem).export({ format: 'pem', type: 'pkcs8' }).toString()
  } catch {
    return undefined
  }
}
