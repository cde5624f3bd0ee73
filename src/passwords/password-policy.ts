/** Which strings can be a password at all, and in which form they are hashed. */

/** NIST SP 800-63B section 3.1.1.2: composed and decomposed typing of the same password are the same password. */
export function normalizePassword(password: string): string {
  return password.normalize('NFC')
}

/** bcrypt reads 72 bytes and cycles a key at its NUL, so two different passwords would match: refused, never truncated. */
const bcryptMaximumBytes = 72

/** Why bcrypt cannot hash this (already normalized) password faithfully, or undefined when it can. */
export function unhashable(password: string): string | undefined {
  if (password.includes('\0')) return 'must not contain NUL'
  if (!password.isWellFormed()) return 'must be valid Unicode'
  if (Buffer.byteLength(password, 'utf8') > bcryptMaximumBytes)
    return `must be at most ${bcryptMaximumBytes} bytes long`
  return undefined
}
