/** A user's e-mail address: whether it may be this one, and what else changes with it. */
import { SignetError } from '../base/errors.ts'
import { isDeliverable } from '../mail/deliverable.ts'
import { canonicalEmail, spellingsOf } from '../names/email.ts'
import type { User, UserChanges, UserStore } from '../stores/stores.ts'

type Addresses = Pick<UserStore, 'findByEmail'>

/** @throws {SignetError} `invalid_request` when it is no address */
export function emailOf(email: string | null | undefined): string | null {
  const canonical = email == null ? null : canonicalEmail(email)
  if (canonical === undefined) throw refused('/email', 'must be an e-mail address')
  return canonical
}

/** An address that mail can reach. @throws {SignetError} `invalid_request` when it is none */
export function deliverable(wanted: string): string {
  const address = emailOf(wanted)
  if (address === null || !isDeliverable(address))
    throw refused('/email', 'must be an address that mail can be sent to')
  return address
}

/**
 * What changes with an address. A name that is the address follows it. An address in a spelling of before is rewritten
 * with whatever is changed, unless the other spelling is somebody's.
 * @param wanted undefined: the one it is
 * @throws {SignetError} `invalid_request`, `taken`
 */
export async function newAddress(users: Addresses, before: User, wanted?: string | null): Promise<UserChanges> {
  if (wanted === undefined) {
    const canonical = before.email === null ? null : canonicalEmail(before.email)
    const isFree = canonical && canonical !== before.email && !(await users.findByEmail(canonical))
    return isFree ? { email: canonical } : {}
  }
  const email = emailOf(wanted)
  if (email === before.email && !before.emailVerified) return {} // whoever saves what a form shows vouches for nothing
  await requireFree(users, email, before.userId)
  if (!before.username.includes('@')) return { email }
  if (email === null) throw refused('/email', 'is the name as well, so it can be changed but not removed')
  return { email, username: email }
}

/**
 * The store sees to it that an address is one user's; what it cannot see is one of before in another spelling.
 * @throws {SignetError} `taken`
 */
export async function requireFree(users: Addresses, email: string | null, userId?: string): Promise<void> {
  const holder = await holderOfOtherSpelling(users, email)
  if (holder && holder.userId !== userId) throw new SignetError('taken', 'the address is stored in another spelling')
}

/** Who has had this address since before, in a spelling that no longer is the canonical one. */
export async function holderOfOtherSpelling(users: Addresses, email: string | null): Promise<User | undefined> {
  const others = email === null ? [] : spellingsOf(email).filter(one => one !== email)
  return others.length === 0 ? undefined : users.findByEmail(...others)
}

export function refused(pointer: string, detail: string): SignetError {
  return new SignetError('invalid_request', 'the user is refused', { mistakes: [{ pointer, detail }] })
}
