/** What is known of a user besides the names. */
import { randomBytes } from 'node:crypto'

/** `sub` is opaque and never used again, also when a name is (RFC 9068 section 2.2). */
export function newUserId(): string {
  return randomBytes(16).toString('base64url')
}

/** What a role can be called. */
export const rolePattern = '^[a-z0-9._-]{1,64}$'
