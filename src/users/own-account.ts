/** What a user may see and change of the own account. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { Authentication } from '../login/authentication.ts'
import type { Mailer } from '../mail/mailer.ts'
import { noticeTo } from '../mail/new-mail.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { PasswordPolicy } from '../passwords/password-policy.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { User, UserStore } from '../stores/stores.ts'
import type { AccountChanges } from './account.ts'
import type { Accounts } from './accounts.ts'

export interface OwnAccount {
  /** @throws {SignetError} `token_revoked` when the user is gone */
  get(userId: string): Promise<User>
  /** Refuses what `change` would refuse. @throws {SignetError} as `change` does */
  judge(userId: string, changes: Pick<AccountChanges, 'username'>): Promise<void>
  /** @throws {SignetError} `token_revoked`, `taken`; `invalid_request` for what cannot be a name */
  change(userId: string, changes: Pick<AccountChanges, 'username'>, client: Client): Promise<User>
  /** Ends every session. @throws {SignetError} `token_revoked`; `last_admin` */
  delete(userId: string, client: Client): Promise<void>
  /**
   * Changes the password and ends the other sessions.
   * @param sid the session that stays
   * @throws {SignetError} `token_revoked`, `invalid_credentials`, `too_many_attempts`, `overloaded`; `invalid_request` when the
   *   new password is refused
   */
  changePassword(userId: string, sid: string, current: string, next: string, client: Client): Promise<void>
}

export function createOwnAccount(dependencies: {
  accounts: Pick<Accounts, 'get' | 'judgeName' | 'change' | 'delete'>
  users: Pick<UserStore, 'update'>
  authentication: Pick<Authentication, 'checkPassword'>
  hasher: PasswordHasher
  policy: PasswordPolicy
  revocations: Pick<Revocations, 'add'>
  mailer: Pick<Mailer, 'languageFor'> | undefined
  audit: Audit
}): OwnAccount {
  const { accounts, users, authentication, hasher, policy, revocations, mailer, audit } = dependencies

  const get = (userId: string) => accounts.get(userId).catch(asEnded)

  return {
    get,
    async judge(userId, { username }) {
      if (username !== undefined) await accounts.judgeName(userId, username).catch(asEnded)
    },
    change: (userId, { username }, { ip }) =>
      username === undefined ? get(userId) : accounts.change(userId, { username }, { ip }).catch(asEnded),
    delete: (userId, { ip }) => accounts.delete(userId, { ip }, { keepAdmin: true }).catch(asEnded),

    async changePassword(userId, sid, current, next, client) {
      const { username } = await get(userId)
      const user = await authentication.checkPassword(username, current, client)
      await policy.check(next, user.username, '/new_password')
      const passwordHash = await hasher.hash(next, client)
      const outcome = await users.update(
        userId,
        { passwordHash },
        {
          ifVersion: user.credentialsVersion,
          keep: sid,
          mails: mailer ? noticeTo(user, 'password_changed', mailer.languageFor(client.acceptLanguage)) : [],
        },
      )
      if (!outcome) throw new SignetError('invalid_credentials', 'the user changed while the hash was computed')
      const sessionsEnded = refuseTokensOf(outcome.ended, revocations)
      audit({ event: 'password.changed', sub: userId, sid, ip: client.ip, sessionsEnded })
    },
  }
}

/** A token of somebody who is gone: that its session has ended is what this instance will know a moment later. */
function asEnded(error: unknown): never {
  if (!(error instanceof SignetError && error.code === 'not_found')) throw error
  throw new SignetError('token_revoked', 'the user of this token is gone')
}
