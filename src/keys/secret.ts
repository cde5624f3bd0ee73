/**
 * What is made of `JWT_SECRET_KEY`: the judgement whether it is good enough, and the keys derived from it.
 * Nothing here stores or prints a secret.
 */
import { hkdfSync } from 'node:crypto'

/** Each internal key has a purpose of its own, so that none can stand in for another (RFC 5869 section 3.2). */
export type KeyPurpose = 'signet refresh token' | 'signet kid' | 'signet account name' | 'signet key ring'

/**
 * Derives a key by HKDF-SHA-256 (RFC 5869).
 * @param salt 32 random bytes created with the database; they move with it
 */
export function deriveKey(secret: string, salt: Buffer, purpose: KeyPurpose, bytes = 32): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'utf8'), salt, purpose, bytes))
}

const minimumBytes = 32

/** Why a secret must not be used, in words without the secret, or undefined when nothing is wrong with it. */
export function secretWeakness(secret: string): string | undefined {
  if (Buffer.byteLength(secret, 'utf8') < minimumBytes) return `is shorter than ${minimumBytes} bytes`
  if (secret.includes(',')) return 'contains a comma, so it could never be listed in JWT_SECRET_KEY_FALLBACK'
  if (/^\s*-----BEGIN|^\s*\{/.test(secret)) return 'looks like a PEM or JWK key; it must be a random string'
  if (wellKnown.has(secret.toLowerCase())) return 'is a well-known example'
  if (new Set(secret).size < 8) return 'has too few different characters'
  if (isRepetition(secret)) return 'repeats itself'
  if (isSequence(secret)) return 'is a sequence'
  if (remainderWithoutWords(secret).length < 16) return 'is made of ordinary words'
  return undefined
}

/** Secrets of 32 bytes and more that stand in debuggers and much-copied tutorials, so everybody has them. */
const wellKnown = new Set([
  'a-string-secret-at-least-256-bits-long',
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
  '404e635266556a586e3272357538782f413f4428472b4b6250645367566b5970',
  '5367566b59703373367639792f423f4528482b4d6251655468576d5a71347437',
  'qwertyuiopasdfghjklzxcvbnm123456',
])

const words =
  /super|secret|change|this|please|your|the|key|jwt|token|auth|password|passwd|pass|example|sample|default|test|development|production|local|insecure|placeholder|replace|with|long|strong|enough|random|string|value|private|public|signing|signature|sign|bits?|bytes?|least|characters?|chars?|minimum|must|not|for|and|use|1234567890|12345678|1234|[^a-z0-9]/g

/** A random string contains one of these words by chance and loses little; a phrase made of them loses all. */
function remainderWithoutWords(secret: string): string {
  return secret.toLowerCase().replace(words, '')
}

function isRepetition(secret: string): boolean {
  for (let period = 1; period <= secret.length / 2; period++) {
    if (secret.slice(period) === secret.slice(0, -period)) return true
  }
  return false
}

function isSequence(secret: string): boolean {
  let steps = 0
  for (let i = 1; i < secret.length; i++) {
    if (Math.abs(secret.charCodeAt(i) - secret.charCodeAt(i - 1)) === 1) steps++
  }
  return steps > secret.length / 2
}
