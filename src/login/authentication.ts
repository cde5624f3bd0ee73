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

/** The right password, which may be only half of a login. */
export interface FirstStep {
  readonly user: User
  /** The failure that stays booked until `settle`. */
  readonly booked: string | undefined
}

export interface Authentication {
  /**
   * The enabled user with this name (or e-mail address) and password. A weak or foreign hash is replaced on the way.
   * @param device a session that the client has shown a token of; ignored unless it is (or was) this account's
   * @throws {SignetError} `invalid_credentials`: unknown, wrong, disabled, all after one hash; `too_many_attempts`;
   *   `overloaded`
   */
  checkPassword(name: string, password: string, client: Client, device?: Device): Promise<User>
  /** The same; but of somebody with a second factor it is no success of the throttle until `settle`. */
  checkFirstStep(name: string, password: string, client: Client, device?: Device): Promise<FirstStep>
  /** The second factor was right too. */
  settle(user: User, booked: string | undefined, client: Client): Promise<void>
}

export function createAuthentication(dependencies: {
  users: Pick<UserStore, 'findByEmail' | 'findByUsername'>
  limit: LoginLimit
  check: PasswordCheck
  audit: Audit
}): Authentication {
  const { users, limit, check, audit } = dependencies

  async function checkIn(
    name: string,
    password: string,
    client: Client,
    shown: Device | undefined,
    isWhole: (user: User) => boolean,
  ): Promise<FirstStep> {
    const user = await findUser(users, name)
    const account = user?.username ?? accountName(name)
    const device = shown && shown.sub === user?.userId ? shown.sid : undefined
    try {
      const attempt = { account, userId: user?.userId, network: client.network, device }
      const checked = await limit.guard(attempt, () => check(user, account, password, client), isWhole)
      return { user: checked.result, booked: checked.booked }
    } catch (error) {
      const event = error instanceof SignetError ? failures.get(error.code) : undefined
      const whom = { ip: client.ip, account: limit.nameless(account), ...(user && { sub: user.userId }) }
      if (event) audit({ event, ...whom })
      throw error
    }
  }

  return {
    checkPassword: async (name, password, client, device) =>
      (await checkIn(name, password, client, device, () => true)).user,
    checkFirstStep: (name, password, client, device) =>
      checkIn(name, password, client, device, user => user.secondFactors.length === 0),
    async settle({ username, userId }, booked, { network }) {
      if (booked !== undefined) await limit.settle({ account: username, userId, network }, booked)
    },
  }
}

const failures = new Map<string, 'login.failed' | 'login.throttled'>([
  ['invalid_credentials', 'login.failed'],
  ['too_many_attempts', 'login.throttled'],
])
