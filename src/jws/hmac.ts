/** HS256 (RFC 7518 section 3.2), checked by Node's own HMAC: the library's way to it decodes the token once more. */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'

const signatureLength = 43 // 32 bytes in base64url

/**
 * @returns says whether the last part of a compact JWS is the HMAC of what is before it, in the one spelling there is, and
 *   takes no longer the more of it is right
 */
export function createHmacCheck(secret: string): (token: string) => boolean {
  const key = createSecretKey(secret, 'utf8')
  return token => {
    const dot = token.lastIndexOf('.')
    if (token.length !== dot + 1 + signatureLength) return false
    const given = Buffer.from(token.slice(dot + 1))
    const expected = Buffer.from(createHmac('sha256', key).update(token.slice(0, dot)).digest('base64url'))
    return given.length === expected.length && timingSafeEqual(given, expected) // a wide character is more than one byte
  }
}
