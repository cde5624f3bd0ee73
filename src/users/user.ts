/** Names: one canonical form for storage, uniqueness, login and throttling, so that no spelling is a second account. */
import { randomBytes } from 'node:crypto'
import { nfkc } from '../text.ts'

/** `sub` is opaque and never used again, also when a name is (RFC 9068 section 2.2). */
export function newUserId(): string {
  return randomBytes(16).toString('base64url')
}

/** What a role can be called. */
export const rolePattern = '^[a-z0-9._-]{1,64}$'

/** The canonical form of a username, or undefined when it cannot be one (NFKC, lower case, 1 to 64 of `a-z 0-9 . _ -`). */
export function canonicalUsername(name: string): string | undefined {
  const canonical = folded(name)
  return canonical !== undefined && /^[a-z0-9._-]{1,64}$/.test(canonical) ? canonical : undefined
}

/** The canonical form of an e-mail address, or undefined when it is none. Usernames have no `@`, so the two never meet. */
export function canonicalEmail(email: string): string | undefined {
  const canonical = folded(email)
  if (canonical === undefined) return undefined
  return canonical.length <= 254 && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(canonical) ? canonical : undefined
}

/** What attempts on a name are counted under, whether or not there is such a user: every spelling is one account. */
export function accountName(name: string): string {
  return canonicalUsername(name) ?? canonicalEmail(name) ?? folded(name) ?? name
}

/** How names begin, from what somebody typed of them. Of a text longer than any name the beginning, which none has either. */
export function canonicalPrefix(text: string): string {
  return folded(text.slice(0, longestTyped)) ?? ''
}

/** A name has 64 characters and an address 254, each typed as at most four (a letter and its marks). */
const longestTyped = 1024

/** One form for all spellings; undefined for what is too long to be a name or an address, which nobody looks into. */
function folded(text: string): string | undefined {
  return text.length <= longestTyped ? nfkc(text).toLowerCase() : undefined
}
