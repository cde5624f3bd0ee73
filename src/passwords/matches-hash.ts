/** Whether a password has this hash: the computation itself, for as long as it takes. For worker threads only. */
import { argon2Sync, createCipheriv, createHmac, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto'
import { compareSync } from 'bcryptjs'
import { memoryKibOfScrypt, type ScryptHash } from './scrypt-hash.ts'
import type { Argon2idHash, StoredHash } from './stored-hash.ts'

/** @param password in the form that was hashed; of more than 72 bytes bcrypt reads the first 72 */
export function matchesHash(password: string, stored: StoredHash): boolean {
  switch (stored.scheme) {
    case 'bcrypt':
      return compareSync(password, stored.text)
    case 'wordpress':
      return compareSync(forWordPress(password), stored.text)
    case 'argon2id':
      return timingSafeEqual(argon2id(password, stored, stored.tag.length), stored.tag)
    case 'pbkdf2': {
      const { salt, rounds, tag, digest } = stored
      return timingSafeEqual(pbkdf2Sync(password, salt, rounds, tag.length, digest), tag)
    }
    default:
      return timingSafeEqual(scrypt(password, stored), stored.tag)
  }
}

export function argon2id(
  password: string,
  { memoryKib, passes, parallelism, salt }: Omit<Argon2idHash, 'scheme' | 'tag'>,
  tagLength: number,
): Buffer {
  const message = Buffer.from(password, 'utf8')
  return argon2Sync('argon2id', { message, nonce: salt, parallelism, tagLength, memory: memoryKib, passes })
}

/** wp_hash_password() since WordPress 6.8, which trims what PHP's trim() trims. */
function forWordPress(password: string): string {
  const trimmed = password.replace(/^[ \t\n\r\0\v]+/, '').replace(/[ \t\n\r\0\v]+$/, '')
  return createHmac('sha384', 'wp-sha384').update(trimmed).digest('base64')
}

function scrypt(password: string, hash: ScryptHash): Buffer {
  const { logN, blockSize, parallelism, salt, tag, signerKey } = hash
  const maxmem = 1024 * (memoryKibOfScrypt(hash) + 4096) // OpenSSL counts a little more than the table
  const options = { N: 2 ** logN, r: blockSize, p: parallelism, maxmem }
  if (!signerKey) return scryptSync(password, salt, tag.length, options)
  // github.com/firebase/scrypt: AES-256 in counter mode from zero, of the project's key, whose length the tag has.
  const cipher = createCipheriv('aes-256-ctr', scryptSync(password, salt, 32, options), Buffer.alloc(16))
  return Buffer.concat([cipher.update(signerKey), cipher.final()])
}
