/**
 * PBKDF2 (RFC 8018) as passlib writes it: `$pbkdf2-sha256$rounds$salt$tag`, with `.` for base64's `+` and no padding.
 * What Django, Werkzeug and Keycloak write is kept in this form too (imported-hash.ts).
 */
import { maximumRounds } from './hash-bounds.ts'

export interface Pbkdf2Hash {
  readonly scheme: 'pbkdf2'
  readonly digest: Digest
  readonly rounds: number
  readonly salt: Buffer
  readonly tag: Buffer
}

type Digest = 'sha1' | 'sha256' | 'sha512'

const form = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$([1-9]\d{0,6})\$([A-Za-z0-9./]{2,171})\$([A-Za-z0-9./]{22,171})$/

/** Up to 2,000,000 rounds; a salt of up to 128 bytes, a tag of 16 to 128. Anything else is undefined. */
export function parsePbkdf2(text: string): Pbkdf2Hash | undefined {
  const [, digest = 'sha1', rounds, salt = '', tag = ''] = form.exec(text) ?? []
  if (!rounds || Number(rounds) > maximumRounds) return undefined
  return { scheme: 'pbkdf2', digest: digest as Digest, rounds: Number(rounds), salt: decode(salt), tag: decode(tag) }
}

export function formatPbkdf2({ digest, rounds, salt, tag }: Omit<Pbkdf2Hash, 'scheme'>): string {
  return `$pbkdf2-${digest}$${rounds}$${encode(salt)}$${encode(tag)}`
}

const decode = (text: string) => Buffer.from(text.replaceAll('.', '+'), 'base64')
const encode = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '').replaceAll('+', '.')
