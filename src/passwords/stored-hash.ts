/**
 * The hashes that can be stored, as text: bcrypt's own form and the PHC string of argon2id, which new ones have, and those
 * of other makers until their owner logs in. What is outside the bounds is not read, so an imported hash can never ask
 * for an hour or all the memory.
 */
import { maximumMemoryKib } from './hash-bounds.ts'
import { type Pbkdf2Hash, parsePbkdf2 } from './pbkdf2-hash.ts'
import { memoryKibOfScrypt, parseScrypt, type ScryptHash } from './scrypt-hash.ts'

/** WordPress 6.8 hashes `base64(HMAC-SHA-384(…))` of the password with bcrypt: `$wp` and then bcrypt's form. */
export interface BcryptHash {
  readonly scheme: 'bcrypt' | 'wordpress'
  readonly cost: number
  /** In bcrypt's own form. */
  readonly text: string
}

export interface Argon2idHash {
  readonly scheme: 'argon2id'
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly tag: Buffer
}

export type StoredHash = BcryptHash | Argon2idHash | Pbkdf2Hash | ScryptHash

/** OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
export const argon2idParameters = { memoryKib: 19_456, passes: 2, parallelism: 1 } as const

const bcryptForm = /^(\$wp)?(\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53})$/
const argon2idForm =
  /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/

/**
 * bcrypt up to cost 15; argon2id up to 256 MiB, 10 passes and 16 lanes; PBKDF2 and scrypt within their own bounds.
 * Anything else is undefined.
 */
export function parseStoredHash(text: string): StoredHash | undefined {
  return parseBcrypt(text) ?? parseArgon2id(text) ?? parsePbkdf2(text) ?? parseScrypt(text)
}

/** Hashes of one class take the same work and the same memory. */
export function costClassOf(hash: StoredHash): string {
  switch (hash.scheme) {
    case 'bcrypt':
    case 'wordpress':
      return `bcrypt ${hash.cost}`
    case 'argon2id':
      return `argon2id ${hash.memoryKib} ${hash.passes} ${hash.parallelism}`
    case 'pbkdf2':
      return `pbkdf2 ${hash.digest} ${hash.rounds} ${hash.tag.length}`
    default:
      return `scrypt ${hash.logN} ${hash.blockSize} ${hash.parallelism}`
  }
}

/** What it takes to compute one, where that is worth counting. */
export function memoryKibOf(hash: StoredHash): number {
  if (hash.scheme === 'argon2id') return hash.memoryKib
  return hash.scheme === 'scrypt' || hash.scheme === 'firebase' ? memoryKibOfScrypt(hash) : 0
}

function parseBcrypt(whole: string): BcryptHash | undefined {
  const [, wordpress, text, cost] = bcryptForm.exec(whole) ?? []
  return text ? { scheme: wordpress ? 'wordpress' : 'bcrypt', cost: Number(cost), text } : undefined
}

function parseArgon2id(text: string): Argon2idHash | undefined {
  const [, m, t, p, salt = '', tag = ''] = argon2idForm.exec(text) ?? []
  const [memoryKib, passes, parallelism] = [Number(m), Number(t), Number(p)]
  const inBounds =
    memoryKib <= maximumMemoryKib &&
    passes >= 1 &&
    passes <= 10 &&
    parallelism >= 1 &&
    parallelism <= 16 &&
    memoryKib >= 8 * parallelism
  if (!inBounds) return undefined
  return {
    scheme: 'argon2id',
    memoryKib,
    passes,
    parallelism,
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

export function formatArgon2id({ memoryKib, passes, parallelism, salt, tag }: Omit<Argon2idHash, 'scheme'>): string {
  const encode = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${encode(salt)}$${encode(tag)}`
}
