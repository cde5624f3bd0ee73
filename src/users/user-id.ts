/** A user's id. */
import { randomBytes } from 'node:crypto'

/** `sub` is opaque and never used again, also when a name is (RFC 9068 section 2.2). */
export function newUserId(): string {
  return randomBytes(16).toString('base64url')
}
