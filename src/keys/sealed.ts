/** What lies in the database encrypted: AES-256-GCM, each under the name of what it is, so that no row can carry another's. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** @param name authenticated with it; it opens under no other */
export function seal(bytes: Buffer, name: string, key: Buffer): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name))
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** @returns undefined when this is not the key it was sealed with, or not the name */
export function unseal(text: string, name: string, key: Buffer): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(12, 28))
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
  } catch {
    return undefined
  }
}
