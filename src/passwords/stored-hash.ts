/**
 * The hashes that can be stored, as text: bcrypt's own form and the PHC string of argon2id. What is outside the bounds is
 * not read, so an imported hash can never ask for an hour or all the memory.
 */
export interface BcryptHash {
  readonly scheme: 'bcrypt'
  readonly cost: number
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

export type StoredHash = BcryptHash | Argon2idHash

/** OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
export const argon2idParameters = { memoryKib: 19_456, passes: 2, parallelism: 1 } as const

const bcryptForm = /^\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$/
const argon2idForm =
  /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/

/** bcrypt up to cost 15; argon2id up to 256 MiB, 10 passes and 16 lanes. Anything else is undefined. */
export function parseStoredHash(text: string): StoredHash | undefined {
  const bcrypt = bcryptForm.exec(text)
  if (bcrypt) return { scheme: 'bcrypt', cost: Number(bcrypt[1]), text }

  const [, m, t, p, salt = '', tag = ''] = argon2idForm.exec(text) ?? []
  const [memoryKib, passes, parallelism] = [Number(m), Number(t), Number(p)]
  const inBounds =
    memoryKib <= 262_144 &&
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
