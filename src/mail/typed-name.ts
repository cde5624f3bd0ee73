/**
 * What somebody typed who has forgotten the password: sealed until it is looked up, because people type passwords, and
 * names of accounts elsewhere, into such a field.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { deriveKey } from '../keys/secret.ts'

export interface TypedNames {
  /** @param id of the row, so that no row can carry another's */
  seal(name: string, id: string): string
  /** @returns undefined when no secret opens it */
  open(sealed: string, id: string): string | undefined
}

/** AES-256-GCM. @param secrets the first seals, all open */
export function createTypedNames(secrets: readonly string[], salt: Buffer): TypedNames {
  const keys = secrets.map(secret => deriveKey(secret, salt, 'signet typed name'))

  function openWith(key: Buffer, bytes: Buffer, id: string): string | undefined {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
      decipher.setAAD(Buffer.from(id)).setAuthTag(bytes.subarray(12, 28))
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
    } catch {
      return undefined
    }
  }

  return {
    seal(name, id) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', keys[0] as Buffer, iv).setAAD(Buffer.from(id))
      const sealed = Buffer.concat([cipher.update(name, 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open(sealed, id) {
      const bytes = Buffer.from(sealed, 'base64url')
      return keys.map(key => openWith(key, bytes, id)).find(name => name !== undefined)
    },
  }
}
