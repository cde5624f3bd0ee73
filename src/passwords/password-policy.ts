/**
 * Which strings can be a password. What a scheme cannot hash is refused everywhere; length and commonness only when a
 * password is set, never at a login (NIST SP 800-63B section 3.1.1.2: no composition rules, no expiry).
 */
import { SignetError } from '../base/errors.ts'
import { nfc, nfkc } from '../base/text.ts'
import { isCommonPassword } from './common-passwords.ts'

export type PasswordScheme = 'bcrypt' | 'argon2id'

/** Composed and decomposed typing of the same password are the same password (NFC; upper case and spaces stay). */
export function normalizePassword(password: string): string {
  return nfc(password)
}

/**
 * What another maker may have hashed when somebody typed this: its NFC (ours, and the first), the text as it was sent, and
 * its NFKC, as far as they differ.
 */
export function passwordForms(password: string): string[] {
  return [...new Set([normalizePassword(password), password, nfkc(password)])]
}

/** bcrypt reads 72 bytes and cycles a key at its NUL, so two different passwords would match: refused, never truncated. */
const bcryptMaximumBytes = 72

/**
 * Why the scheme cannot hash this (already normalized) password faithfully, or undefined when it can.
 * @param scheme none: one without a longest password
 */
export function unhashable(password: string, scheme?: PasswordScheme): string | undefined {
  if (password.includes('\0')) return 'must not contain NUL'
  if (!password.isWellFormed()) return 'must be valid Unicode'
  if (scheme === 'bcrypt' && Buffer.byteLength(password, 'utf8') > bcryptMaximumBytes) {
    return `must be at most ${bcryptMaximumBytes} bytes long`
  }
  return undefined
}

export interface PasswordPolicy {
  /** The scheme of new hashes. */
  readonly scheme: PasswordScheme
  /** @throws {SignetError} `invalid_request` with the reason, at `pointer` of the request */
  check(password: string, username: string, pointer: string): Promise<void>
}

export function createPasswordPolicy(minimumLength: number, scheme: PasswordScheme): PasswordPolicy {
  async function mistakeOf(password: string, username: string): Promise<string | undefined> {
    const reason = unhashable(password, scheme)
    if (reason) return reason
    if ([...password].length < minimumLength) return `must have at least ${minimumLength} characters`
    const lower = password.toLowerCase()
    if (lower === username || lower === 'signet') return 'must not be the username or the name of this service'
    return (await isCommonPassword(password)) ? 'is one of the most common passwords' : undefined
  }

  return {
    scheme,
    async check(password, username, pointer) {
      const detail = await mistakeOf(normalizePassword(password), username)
      if (detail)
        throw new SignetError('invalid_request', 'the password is refused', { mistakes: [{ pointer, detail }] })
    },
  }
}
