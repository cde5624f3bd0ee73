/** Whether somebody is who they say, by a password. The only way in: every place that checks one comes through here. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import { spellingsOf } from '../names/email.ts'
import { accountName, canonicalUsername } from '../names/username.ts'
import type { Reservation, Success, User, UserStore } from '../stores/stores.ts'
import { findUser } from './find-user.ts'
import type { Device, LoginLimit } from './login-limit.ts'
import type { PasswordCheck } from './password-check.ts'

/** The right password, which may be only half of a login. */
export interface FirstStep {
  readonly user: User
  /** The failure that stays booked until `settle`, or until its success is noted; none without a limit. */
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
  /** The same; but it is no success of the throttle until that is noted. */
  checkFirstStep(name: string, password: string, client: Client, device?: Device): Promise<FirstStep>
  /** The success of a login, to be noted with its session. */
  successOf(user: User, booked: string | undefined, client: Client): Success | undefined
  /** Notes it by itself. */
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
    const { user, booked } = await lookUp(name, client, shown)
    const account = user?.username ?? accountName(name)
    try {
      const attempt = { account, userId: user?.userId, network: client.network }
      const checked = await limit.guard(booked, attempt, () => check(user, account, password, client), isWhole)
      return { user: checked.result, booked: checked.booked }
    } catch (error) {
      const event = error instanceof SignetError ? failures.get(error.code) : undefined
      const whom = { ip: client.ip, account: limit.nameless(account), ...(user && { sub: user.userId }) }
      if (event) audit({ event, ...whom })
      throw error
    }
  }

  /** Whom a name means, and the failure that is booked for them in advance: one act of the database where it can be. */
  async function lookUp(
    name: string,
    { network }: Client,
    shown: Device | undefined,
  ): Promise<{ user: User | undefined; booked?: Reservation | undefined }> {
    if (limit.isOff) return { user: await findUser(users, name) }
    const username = spellingsOf(name).length > 0 ? undefined : canonicalUsername(name)
    if (username !== undefined) {
      const { user, reservation } = await limit.reserveFor(username, network, shown)
      return { user, booked: reservation }
    }
    const user = await findUser(users, name)
    const device = shown && shown.sub === user?.userId ? shown.sid : undefined
    const account = user?.username ?? accountName(name)
    return { user, booked: await limit.reserve({ account, userId: user?.userId, network, device }) }
  }

  return {
    checkPassword: async (name, password, client, device) =>
      (await checkIn(name, password, client, device, () => true)).user,
    checkFirstStep: (name, password, client, device) => checkIn(name, password, client, device, () => false),
    successOf: ({ username }, booked, { network }) =>
      booked === undefined ? undefined : limit.successOf({ account: username, network }, booked),
    async settle({ username, userId }, booked, { network }) {
      if (booked !== undefined) await limit.settle({ account: username, userId, network }, booked)
    },
  }
}

const failures = new Map<string, 'login.failed' | 'login.throttled'>([
  ['invalid_credentials', 'login.failed'],
  ['too_many_attempts', 'login.throttled'],
])
