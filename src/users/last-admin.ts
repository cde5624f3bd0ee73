/**
 * The last administrator stays one, as far as HTTP goes: nobody there could make another. The engines ask, with the rows of
 * all administrators locked, because two may demote each other at once.
 */
import { SignetError } from '../base/errors.ts'
import type { User } from '../stores/stores.ts'

type Standing = Pick<User, 'role' | 'disabled'>

/** @param after undefined when the user is deleted */
export function stopsBeingAdmin(before: Standing, after: Standing | undefined): boolean {
  return isAdmin(before) && !(after && isAdmin(after))
}

export function isAdmin({ role, disabled }: Standing): boolean {
  return role === 'admin' && !disabled
}

export function lastAdmin(): SignetError {
  return new SignetError('last_admin', 'no enabled administrator would be left')
}
