/**
 * The keys that are derived from `JWT_SECRET_KEY`, and from the data key. Nothing here stores or prints a secret.
 */
import { hkdfSync } from 'node:crypto'

/** Each internal key has a purpose of its own, so that none can stand in for another (RFC 5869 section 3.2). */
export type KeyPurpose =
  | 'signet refresh token'
  | 'signet kid'
  | 'signet account name'
  | 'signet key ring'
  | 'signet data key'
  | 'signet sealed data'
  | 'signet named data'
  | 'signet mail link'
  | 'signet typed name'
  | 'signet mail address'
  | 'signet login challenge'
  | 'signet code attempts'

/**
 * Derives a key by HKDF-SHA-256 (RFC 5869).
 * @param salt 32 random bytes created with the database; they move with it
 */
export function deriveKey(secret: string | Buffer, salt: Buffer, purpose: KeyPurpose, bytes = 32): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, purpose, bytes))
}
