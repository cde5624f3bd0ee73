/** Who may, must and cannot be without a second factor, by `SECOND_FACTOR`. Pure. */
import { SignetError } from '../base/errors.ts'
import type { FactorKind, User } from '../stores/stores.ts'

/** `off`: nobody adds one, and those that are stored are asked for all the same. */
export type SecondFactorMode = 'off' | 'optional' | 'required' | 'admins'

/** Whether this user must have a second factor. */
export function isDemanded({ role }: Pick<User, 'role'>, mode: SecondFactorMode): boolean {
  return mode === 'required' || (mode === 'admins' && role === 'admin')
}

/** Whether a login of this user is good for nothing but adding one. */
export function mustEnrol(user: Pick<User, 'role' | 'secondFactors'>, mode: SecondFactorMode): boolean {
  return user.secondFactors.length === 0 && isDemanded(user, mode)
}

/** @throws {SignetError} `second_factor_off` */
export function requireOn(mode: SecondFactorMode): void {
  if (mode === 'off') throw new SignetError('second_factor_off', 'SECOND_FACTOR is off')
}

/**
 * Who registers somebody else's address first would keep its owner out with a factor.
 * @throws {SignetError} `second_factor_off`, `email_unverified`
 */
export function requireMayEnrol({ email, emailVerified }: User, mode: SecondFactorMode): void {
  requireOn(mode)
  if (email !== null && !emailVerified) throw new SignetError('email_unverified', 'the address is not proven yet')
}

/**
 * Refuses to take away the last way in: the only factor of somebody who must have one, or the only passkey of somebody
 * without a password.
 * @param left the kinds that would be left
 * @throws {SignetError} `last_way_in`
 */
export function requireWayIn(user: User, left: readonly FactorKind[], mode: SecondFactorMode): void {
  const hasPasswordOrKey = user.passwordHash !== null || left.includes('passkey')
  if (hasPasswordOrKey && (left.length > 0 || !isDemanded(user, mode))) return
  throw new SignetError('last_way_in', 'it is the last factor of somebody who cannot log in without one')
}
