/** Time-based one-time passwords (RFC 6238), as every authenticator app makes them: SHA-1, 6 digits, steps of 30 seconds. */
import { createHmac, timingSafeEqual } from 'node:crypto'

const stepSeconds = 30
const digits = 6

/** RFC 4226 section 4: 160 bits are what SHA-1 takes. */
export const secretBytes = 20

/** The code of a time step (RFC 4226 section 5.3). */
export function codeOf(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const offset = mac.readUInt8(mac.length - 1) & 0xf
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** digits).padStart(digits, '0')
}

/** @param now epoch seconds */
export function stepAt(now: number): number {
  return Math.floor(now / stepSeconds)
}

/**
 * The time step whose code this is: the present one, or one to either side, for clocks that differ and people who type
 * slowly (RFC 6238 section 5.2). All are compared, in the same time.
 * @param code six digits
 * @returns the latest that fits, or undefined
 */
export function stepOf(secret: Uint8Array, code: string, now: number): number | undefined {
  const present = stepAt(now)
  const fitting = [present + 1, present, present - 1].filter(step => step >= 0 && isEqual(codeOf(secret, step), code))
  return fitting[0]
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** What the app reads (github.com/google/google-authenticator/wiki/Key-Uri-Format). @param secret in base32 */
export function otpauthUri(issuer: string, account: string, secret: string): string {
  const label = [issuer, account].map(encodeURIComponent).join(':')
  const parameters = [`secret=${secret}`, `issuer=${encodeURIComponent(issuer)}`, 'algorithm=SHA1']
  return `otpauth://totp/${label}?${[...parameters, `digits=${digits}`, `period=${stepSeconds}`].join('&')}`
}
