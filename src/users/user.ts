/** Names: one canonical form for storage, uniqueness, login and throttling, so that no spelling is a second account. */
import { randomBytes } from 'node:crypto'

/** `sub` is opaque and never used again, also when a name is (RFC 9068 section 2.2). */
export function newUserId(): string {
  return randomBytes(16).toString('base64url')
}

/** What a role can be called. */
export const rolePattern = '^[a-z0-9._-]{1,64}$'

/** The canonical form of a username, or undefined when it cannot be one (NFKC, lower case, 1 to 64 of `a-z 0-9 . _ -`). */
export function canonicalUsername(name: string): string | undefined {
  const canonical = name.normalize('NFKC').toLowerCase()
  return /^[a-z0-9._-]{1,64}$/.test(canonical) ? canonical : undefined
}

/** The canonical form of an e-mail address, or undefined when it is none. Usernames have no `@`, so the two never meet. */
export function canonicalEmail(email: string): string | undefined {
  const canonical = email.normalize('NFKC').toLowerCase()
  return canonical.length <= 254 && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(canonical) ? canonical : undefined
}

/** What attempts on a name are counted under, whether or not there is such a user: every spelling is one account. */
export function accountName(name: string): string {
  return canonicalUsername(name) ?? canonicalEmail(name) ?? name.normalize('NFKC').toLowerCase()
}
