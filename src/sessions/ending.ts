/** What ends sessions, and what every act that ends some does after its write. The rows it ends are in live.ts. */
import type { EndedSession, RevokeReason, User, UserChanges } from '../stores/stores.ts'
import type { Revocations } from './revocations.ts'

/** Why a change of the user ends the sessions, or undefined when it does not. */
export function reasonToEnd(before: User, { role, disabled, passwordHash }: UserChanges): RevokeReason | undefined {
  if (passwordHash !== undefined && passwordHash !== before.passwordHash) return 'password_changed'
  if (disabled === true && !before.disabled) return 'disabled'
  if (role !== undefined && role !== before.role) return 'role_changed'
  return undefined
}

/**
 * Refuses the access tokens of these sessions on this instance from now on; the others poll.
 * @returns how many were live, which is what people are told: that something expired has been ended too is no news
 */
export function refuseTokensOf(ended: readonly EndedSession[], revocations: Pick<Revocations, 'add'>): number {
  for (const { sid } of ended) revocations.add(sid)
  return ended.filter(({ wasLive }) => wasLive).length
}
