/** One check of a password, with the same work whether the user exists or not, and what a right one lets us mend. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { Verdict } from '../passwords/hash-worker.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { StandIns } from '../passwords/stand-ins.ts'
import type { User, UserStore } from '../stores/stores.ts'

/**
 * The user, when enabled and with this password.
 * @param account the canonical name, which an unknown user has too
 * @throws {SignetError} `invalid_credentials`, `overloaded`
 */
export type PasswordCheck = (user: User | undefined, account: string, password: string, client: Client) => Promise<User>

export function createPasswordCheck(dependencies: {
  users: Pick<UserStore, 'rehash'>
  hasher: PasswordHasher
  standIns: Pick<StandIns, 'for'>
  audit: Audit
}): PasswordCheck {
  const { users, hasher, standIns, audit } = dependencies

  async function check(user: User | undefined, account: string, password: string, client: Client): Promise<User> {
    const stored = user?.passwordHash ?? undefined
    const refusal = stored && hasher.refusalOf(stored)
    const verdict =
      user && refusal === undefined && stored
        ? await hasher.verify(password, stored, { foreign: user.foreignHash, isStandIn: user.disabled }, client)
        : await fail(account, password, client)
    if (!user || !stored || verdict === 'wrong') {
      throw new SignetError('invalid_credentials', `login failed: ${reasonFor(user, refusal)}`)
    }
    if (verdict === 'outdated') await replace(user.userId, stored, password, client)
    return user
  }

  async function fail(account: string, password: string, client: Client): Promise<Verdict> {
    const standIn = standIns.for(account)
    const how = { foreign: standIn?.foreignHash ?? false, isStandIn: true }
    return hasher.verify(password, standIn?.passwordHash, how, client)
  }

  /** Once, and never over a newer hash; when there is no time for it now, the next login does it. */
  async function replace(userId: string, stored: string, password: string, client: Client): Promise<void> {
    try {
      const replaced = await users.rehash(userId, stored, await hasher.hash(password, client))
      if (replaced) audit({ event: 'password.rehashed', sub: userId })
    } catch (error) {
      if (!(error instanceof SignetError && error.status === 503)) throw error
    }
  }

  return check
}

function reasonFor(user: User | undefined, refusal: string | undefined): string {
  if (!user) return 'no such user'
  if (user.passwordHash === null) return 'the user has no password'
  if (refusal) return `the stored hash ${refusal}`
  return user.disabled ? 'the user is disabled' : 'wrong password'
}
