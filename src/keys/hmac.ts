/**
 * HS256 (RFC 7518 section 3.2) checked where it costs most: once for every new access token and every refresh. The library
 * decodes the token again to get there, and Node's own `Hmac` is an object whose end costs more than its work. So this is
 * RFC 2104 by two plain hashes, in buffers that are made once: nothing here waits, so nothing can come between.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { maximumTokenBytes } from '../tokens/compact-jws.ts'

const blockBytes = 64
const signatureLength = 43 // 32 bytes in base64url

/**
 * @returns says whether the last part of a compact JWS is the HMAC of what is before it, in the one spelling there is, and
 *   takes no longer the more of it is right
 */
export function createHmacCheck(secret: string): (token: string) => boolean {
  const bytes = Buffer.from(secret)
  const key = bytes.length > blockBytes ? hash('sha256', bytes, 'buffer') : bytes
  const inner = Buffer.alloc(blockBytes + maximumTokenBytes)
  const outer = Buffer.alloc(blockBytes + 32)
  for (let i = 0; i < blockBytes; i++) {
    inner[i] = (key[i] ?? 0) ^ 0x36
    outer[i] = (key[i] ?? 0) ^ 0x5c
  }
  const given = Buffer.alloc(signatureLength)
  const expected = Buffer.alloc(signatureLength)

  return token => {
    const dot = token.lastIndexOf('.')
    // A character that is not one byte, or a token that is too long, leaves a count that does not fit.
    if (token.length !== dot + 1 + signatureLength || given.write(token.slice(dot + 1)) !== signatureLength)
      return false
    if (inner.write(token.slice(0, dot), blockBytes) !== dot) return false
    outer.write(hash('sha256', inner.subarray(0, blockBytes + dot), 'binary'), blockBytes, 'binary')
    expected.write(hash('sha256', outer, 'base64url'))
    return timingSafeEqual(given, expected)
  }
}
