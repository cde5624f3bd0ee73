/** What a user may change of the own account, each time with the password of now. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { Authentication } from '../login/authentication.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { PasswordPolicy } from '../passwords/password-policy.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { UserStore } from '../stores/stores.ts'
import type { Accounts } from './accounts.ts'

export interface OwnAccount {
  /**
   * Changes the password and ends the other sessions.
   * @param sid the session that stays
   * @throws {SignetError} `not_found`, `invalid_credentials`, `too_many_attempts`, `overloaded`; `invalid_request` when the
   *   new password is refused
   */
  changePassword(userId: string, sid: string, current: string, next: string, client: Client): Promise<void>
}

export function createOwnAccount(dependencies: {
  accounts: Pick<Accounts, 'get'>
  users: Pick<UserStore, 'update'>
  authentication: Authentication
  hasher: PasswordHasher
  policy: PasswordPolicy
  revocations: Pick<Revocations, 'add'>
  audit: Audit
}): OwnAccount {
  const { accounts, users, authentication, hasher, policy, revocations, audit } = dependencies

  return {
    async changePassword(userId, sid, current, next, client) {
      const { username } = await accounts.get(userId)
      const user = await authentication.checkPassword(username, current, client)
      await policy.check(next, user.username, '/new_password')
      const passwordHash = await hasher.hash(next, client)
      const outcome = await users.update(userId, { passwordHash }, { ifVersion: user.credentialsVersion, keep: sid })
      if (!outcome) throw new SignetError('invalid_credentials', 'the user changed while the hash was computed')
      const sessionsEnded = refuseTokensOf(outcome.ended, revocations)
      audit({ event: 'password.changed', sub: userId, sid, ip: client.ip, sessionsEnded })
    },
  }
}
