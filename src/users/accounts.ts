/** Accounts, as administrators and strangers who register see them: everything that makes, changes or removes a user. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import { type Page, readPage } from '../base/pages.ts'
import { findUser } from '../login/find-user.ts'
import type { LoginLimit } from '../login/login-limit.ts'
import { newMail } from '../mail/new-mail.ts'
import { spellingsOf } from '../names/email.ts'
import { canonicalPrefix, newUsername } from '../names/username.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { PasswordPolicy } from '../passwords/password-policy.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { KeepAdmin, User, UserChanges, UserStore } from '../stores/stores.ts'
import type { AccountChanges, Actor, ChangeOptions, Invitation, NewAccount } from './account.ts'
import { deliverable, emailOf, newAddress, refused, requireFree } from './address.ts'
import { newUserId } from './user-id.ts'

export type * from './account.ts'

export interface Accounts {
  /** @throws {SignetError} `invalid_request`, `taken`, `overloaded` */
  create(account: NewAccount, by: Actor, client?: Client): Promise<User>
  /** Makes a user without a password, and sends a link that sets one. @throws {SignetError} `invalid_request`, `taken` */
  invite(invitation: Invitation, by: Actor): Promise<User>
  /** @throws {SignetError} `not_found` */
  get(userId: string): Promise<User>
  /**
   * The user a person means by a name or an id.
   * @param by which of the two it is; needed when it is the name of one user and the id of another
   * @throws {SignetError} `not_found`, `invalid_request` when it means two users
   */
  lookUp(nameOrId: string, by?: 'name' | 'id'): Promise<User>
  /** A page of users by name. @param query.q how the name or the address begins, as somebody typed it */
  list(query: { limit: number; after?: string | undefined; q?: string | undefined }): Promise<Page<User, string>>
  /** Refuses a name that `change` would refuse. @throws {SignetError} `not_found`, `invalid_request`, `taken` */
  judgeName(userId: string, username: string): Promise<void>
  /** @throws {SignetError} `not_found`, `invalid_request`, `taken`, `last_admin`, `overloaded` */
  change(userId: string, changes: AccountChanges, by: Actor, options?: ChangeOptions): Promise<User>
  /** Ends the waits after wrong passwords. @throws {SignetError} `not_found` */
  unlock(userId: string, by: Actor): Promise<User>
  /** @throws {SignetError} `not_found`, `last_admin` */
  delete(userId: string, by: Actor, options?: KeepAdmin): Promise<void>
}

export function createAccounts(dependencies: {
  users: UserStore
  hasher: PasswordHasher
  policy: PasswordPolicy
  limit: Pick<LoginLimit, 'lift'>
  revocations: Pick<Revocations, 'add'>
  audit: Audit
}): Accounts {
  const { users, hasher, policy, limit, revocations, audit } = dependencies

  async function create(
    { username: wanted, password, role = 'user', ...others }: NewAccount,
    by: Actor,
    client?: Client,
  ) {
    const email = emailOf(others.email)
    const username = nameOf(wanted, email)
    await requireFree(users, email)
    await policy.check(password, username, '/password')
    const passwordHash = await hasher.hash(password, client)
    const user = await users.create({ userId: newUserId(), username, email, role, passwordHash })
    audit({ event: 'user.created', sub: user.userId, ...by })
    return user
  }

  async function invite({ username: wanted, role = 'user', email: address, language }: Invitation, by: Actor) {
    const email = deliverable(address)
    const named = newUsername(wanted, null) // the address is no name before it is proven
    if ('mistake' in named) throw refused('/username', named.mistake)
    if (await users.findByEmail(...spellingsOf(email))) throw new SignetError('taken', "the address is somebody's")
    const user = { userId: newUserId(), ...named, email, emailVerified: false, role, passwordHash: null }
    const created = await users.create(user, { mails: [newMail('invite', user.userId, email, language)] })
    audit({ event: 'user.created', sub: user.userId, ...by })
    return created
  }

  async function get(userId: string): Promise<User> {
    const user = await users.findById(userId)
    if (!user) throw new SignetError('not_found', 'no such user')
    return user
  }

  function list({ limit, after, q = '' }: Parameters<Accounts['list']>[0]): Promise<Page<User, string>> {
    const prefix = canonicalPrefix(q)
    return readPage(
      limit,
      most => users.list({ limit: most, after, prefix }),
      ({ username }) => username,
    )
  }

  async function lookUp(nameOrId: string, by?: 'name' | 'id'): Promise<User> {
    const named = by === 'id' ? undefined : await findUser(users, nameOrId)
    const identified = by === 'name' ? undefined : await users.findById(nameOrId)
    if (named && identified && named.userId !== identified.userId) {
      throw refused('', 'it is the name of one user and the id of another')
    }
    const user = named || identified
    if (!user) throw new SignetError('not_found', 'no such user')
    return user
  }

  async function judgeName(userId: string, wanted: string): Promise<void> {
    const username = nameOf(wanted, nameableOf(await get(userId), {}))
    const holder = await users.findByUsername(username)
    if (holder && holder.userId !== userId) throw new SignetError('taken', "the name is somebody's")
  }

  async function change(userId: string, changes: AccountChanges, by: Actor, options: ChangeOptions = {}) {
    const { username, password, email, ...others } = changes
    const before = await get(userId)
    const address = await newAddress(users, before, email)
    const wanted: UserChanges = {
      ...others,
      ...address,
      ...(username !== undefined && { username: nameOf(username, nameableOf(before, address)) }),
      ...(await newHash(before, password, options.client)),
    }
    const outcome = await users.update(userId, wanted, options)
    if (!outcome) throw new SignetError('not_found', 'no such user')
    const sessionsEnded = refuseTokensOf(outcome.ended, revocations)
    audit({ event: 'user.changed', sub: userId, changed: changedOf(before, wanted), sessionsEnded, ...by })
    if (password !== undefined) await limit.lift(userId) // it was set for somebody who is waiting for it
    return outcome.user
  }

  async function newHash({ username }: User, password: string | undefined, client?: Client): Promise<UserChanges> {
    if (password === undefined) return {}
    await policy.check(password, username, '/password')
    return { passwordHash: await hasher.hash(password, client) }
  }

  async function unlock(userId: string, by: Actor): Promise<User> {
    const user = await get(userId)
    await limit.lift(userId)
    audit({ event: 'user.unlocked', sub: userId, ...by })
    return user
  }

  async function remove(userId: string, by: Actor, options: KeepAdmin = {}): Promise<void> {
    const ended = await users.delete(userId, options)
    if (!ended) throw new SignetError('not_found', 'no such user')
    audit({ event: 'user.deleted', sub: userId, sessionsEnded: refuseTokensOf(ended, revocations), ...by })
  }

  return { create, invite, get, lookUp, list, judgeName, change, unlock, delete: remove }
}

/** @throws {SignetError} `invalid_request` for what cannot be the name of somebody with this address */
function nameOf(wanted: string, email: string | null): string {
  const named = newUsername(wanted, email)
  if ('mistake' in named) throw refused('/username', named.mistake)
  return named.username
}

/** The address a user may be called by: one that is not proven is nobody's name, or it could be taken from its owner. */
function nameableOf({ email, emailVerified }: User, { email: wanted }: UserChanges): string | null {
  return wanted === undefined ? (emailVerified ? email : null) : wanted
}

/** What is another than before, by the names that people know; not what was sent. */
function changedOf(before: User, wanted: UserChanges): string[] {
  const names = Object.keys(wanted) as (keyof UserChanges)[]
  return names.filter(name => wanted[name] !== before[name]).map(name => (name === 'passwordHash' ? 'password' : name))
}
