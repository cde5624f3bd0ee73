/** Usernames: one canonical form for storage, uniqueness, login and throttling, so that no spelling is a second account. */

import { isStreamSafe } from '../base/text.ts'
import { canonicalEmail } from './email.ts'
import { folded, longestTyped } from './folded.ts'
import { isOfOneScript } from './scripts.ts'

/** The form in which a name is looked up; whether it may be given to somebody new is another question. */
export function canonicalUsername(name: string): string | undefined {
  return canonicalEmail(name) ?? folded(name)
}

export type NewName = { readonly username: string } | { readonly mistake: string }

/**
 * A name for somebody new (RFC 8265 in spirit): no dot segment, no `-` that stands for nobody, no look-alike in another
 * script. An address only where it is the user's own: addresses are unique, so no name can be another's address.
 * @param email the user's address, in canonical form
 */
export function newUsername(name: string, email: string | null): NewName {
  const address = canonicalEmail(name)
  if (address)
    return address === email ? { username: address } : { mistake: 'must not hold @ unless it is the e-mail address' }
  const username = folded(name) ?? ''
  return isAllowed(username) ? { username } : { mistake }
}

const mistake = 'must be 1 to 64 letters and digits of one script, with dots, underscores and hyphens between them'

const allowed = /^[\p{L}\p{Nd}](?:[\p{L}\p{Mn}\p{Mc}\p{Nd}._-]{0,62}[\p{L}\p{Mn}\p{Mc}\p{Nd}])?$/u
/** Hangul fillers and variation selectors are letters and marks that nobody sees. */
const invisible = /\p{Default_Ignorable_Code_Point}/u

function isAllowed(username: string): boolean {
  if (!allowed.test(username) || !isStreamSafe(username)) return false
  return /^[!-~]+$/.test(username) || (!invisible.test(username) && isOfOneScript(username))
}

/** What attempts on a name are counted under, whether or not there is such a user: every spelling is one account. */
export function accountName(name: string): string {
  return canonicalUsername(name) ?? name.slice(0, longestTyped)
}

/** How names and addresses begin, from what somebody typed of them; with what is too long to be one, none does. */
export function canonicalPrefix(text: string): string {
  return canonicalUsername(text) ?? (text.length > longestTyped ? text.slice(0, longestTyped) : '')
}
