/** Removing factors of somebody who is locked out of everything: an administrator's act, and needs no secret. */
import type { Audit } from '../base/audit.ts'
import { SignetError } from '../base/errors.ts'
import type { LoginLimit } from '../login/login-limit.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { Factor, FactorStore, User, UserStore } from '../stores/stores.ts'
import { requireWayIn, type SecondFactorMode } from './enrolment.ts'
import type { MailsTo } from './notices.ts'

/** Who acts, for the audit line. */
interface Actor {
  readonly by?: string
  readonly ip?: string
}

export interface FactorRemoval {
  /** The factors of a user, and how many recovery codes there are. */
  show(userId: string): Promise<{ factors: Factor[]; recoveryCodes: number }>
  /**
   * Removes all factors and recovery codes of a user, ends the sessions and the waits. Who does it to themselves
   * keeps the last way in: there may be nobody else to help.
   * @throws {SignetError} `not_found` when there are none; `last_way_in`
   */
  removeAll(userId: string, by: Actor): Promise<void>
  /** The same of everybody who has any. @returns of how many */
  removeFromEverybody(by: Actor): Promise<number>
}

export function createFactorRemoval(dependencies: {
  users: Pick<UserStore, 'findById'>
  factors: Pick<FactorStore, 'list' | 'countCodes' | 'remove' | 'listOwners'>
  limit: Pick<LoginLimit, 'lift'>
  revocations: Pick<Revocations, 'add'>
  audit: Audit
  mailsTo: MailsTo
  mode: SecondFactorMode
}): FactorRemoval {
  const { users, factors, limit, revocations, audit, mailsTo, mode } = dependencies
  const page = 100

  return {
    async show(userId) {
      return { factors: await factors.list(userId), recoveryCodes: await factors.countCodes(userId) }
    },

    async removeAll(userId, by) {
      if (!(await removeFrom(userId, by))) throw new SignetError('not_found', 'the user has no second factor')
    },

    async removeFromEverybody(by) {
      let count = 0
      for (let some = await factors.listOwners('', page); some.length > 0; ) {
        for (const userId of some) if (await removeFrom(userId, by)) count++
        some = await factors.listOwners(some.at(-1) ?? '', page)
      }
      return count
    },
  }

  async function removeFrom(userId: string, by: Actor): Promise<boolean> {
    const user = await users.findById(userId)
    const own = by.by === userId && { allow: (user: User) => requireWayIn(user, [], mode) }
    const change = user && (await factors.remove(userId, {}, { ...own, mails: mailsTo(user, 'factor_removed') }))
    if (!change) return false
    await limit.lift(userId)
    const sessionsEnded = refuseTokensOf(change.ended, revocations)
    audit({ event: 'factor.removed', sub: userId, factor: 'all', sessionsEnded, ...by })
    return true
  }
}
