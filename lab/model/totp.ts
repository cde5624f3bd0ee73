/** The six digits of an authenticator app (RFC 6238), by the browser's own HMAC, from a secret and the lab's clock. */
export const stepSeconds = 30

/** @param now epoch seconds @returns how many half minutes have gone by since 1970 */
export const stepAt = (now: number) => Math.floor(now / stepSeconds)

/** @param secret in base32 */
export async function codeAt(secret: string, step: number): Promise<string> {
  const key = await crypto.subtle.importKey('raw', bytesOf(secret), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign'])
  const message = new DataView(new ArrayBuffer(8))
  message.setUint32(4, step)
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, message))
  const number = mac.getUint32(mac.getUint8(19) & 15) & 0x7fff_ffff
  return String(number % 1_000_000).padStart(6, '0')
}

/** RFC 4648 section 6. */
function bytesOf(base32: string): Uint8Array<ArrayBuffer> {
  const bits = [...base32].map(letter =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  return Uint8Array.from(bits.join('').match(/.{8}/g) ?? [], byte => Number.parseInt(byte, 2))
}
