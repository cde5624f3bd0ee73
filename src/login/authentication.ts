/** Whether somebody is who they say, by a password. The only way in: every place that checks one comes through here. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import { accountName } from '../names/username.ts'
import type { User, UserStore } from '../stores/stores.ts'
import { findUser } from './find-user.ts'
import type { LoginLimit } from './login-limit.ts'
import type { PasswordCheck } from './password-check.ts'

/** A session that a token proves there was. */
export interface Device {
  readonly sub: string
  readonly sid: string
}

export interface Authentication {
  /**
   * The enabled user with this name (or e-mail address) and password. A weak or foreign hash is replaced on the way.
   * @param device a session that the client has shown a token of; ignored unless it is (or was) this account's
   * @throws {SignetError} `invalid_credentials`: unknown, wrong, disabled, all after one hash; `too_many_attempts`;
   *   `overloaded`
   */
  checkPassword(name: string, password: string, client: Client, device?: Device): Promise<User>
}

export function createAuthentication(dependencies: {
  users: Pick<UserStore, 'findByEmail' | 'findByUsername'>
  limit: LoginLimit
  check: PasswordCheck
  audit: Audit
}): Authentication {
  const { users, limit, check, audit } = dependencies

  async function checkPassword(name: string, password: string, client: Client, shown?: Device): Promise<User> {
    const user = await findUser(users, name)
    const account = user?.username ?? accountName(name)
    const device = shown && shown.sub === user?.userId ? shown.sid : undefined
    try {
      const attempt = { account, userId: user?.userId, network: client.network, device }
      return await limit.guard(attempt, () => check(user, account, password, client))
    } catch (error) {
      const event = error instanceof SignetError ? failures.get(error.code) : undefined
      const whom = { ip: client.ip, account: limit.nameless(account), ...(user && { sub: user.userId }) }
      if (event) audit({ event, ...whom })
      throw error
    }
  }

  return { checkPassword }
}

const failures = new Map<string, 'login.failed' | 'login.throttled'>([
  ['invalid_credentials', 'login.failed'],
  ['too_many_attempts', 'login.throttled'],
])
