/** Who is who: checking a password, and everything that changes a user. */
import { createReadStream } from 'node:fs'
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { LoginLimit } from '../login/login-limit.ts'
import { spellingsOf } from '../names/email.ts'
import { accountName, canonicalUsername, newUsername } from '../names/username.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { PasswordPolicy } from '../passwords/password-policy.ts'
import type { StandIns } from '../passwords/stand-ins.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { KeepAdmin, User, UserChanges, UserStore } from '../stores/stores.ts'
import type { AccountChanges, Actor, ChangeOptions, Device, NewAccount } from './account.ts'
import { emailOf, newAddress, refused, requireFree } from './address.ts'
import { linesOf } from './import/import-lines.ts'
import { type ImportedUser, newUserOf, readUserLine } from './import/user-import.ts'
import { createPasswordCheck } from './password-check.ts'
import { newUserId } from './user.ts'

export type * from './account.ts'

export interface UserService {
  /**
   * The enabled user with this name (or e-mail address) and password. A weak or foreign hash is replaced on the way.
   * @param device a session that the client has shown a token of; ignored unless it is (or was) this account's
   * @throws {SignetError} `invalid_credentials`: unknown, wrong, disabled, all after one hash; `too_many_attempts`;
   *   `overloaded`
   */
  checkPassword(name: string, password: string, client: Client, device?: Device): Promise<User>
  /**
   * Changes one's own password and ends one's other sessions.
   * @param sid the session that stays
   * @throws as `checkPassword`, and `invalid_request` when the new password is refused
   */
  changePassword(userId: string, sid: string, current: string, next: string, client: Client): Promise<void>
  /** @throws {SignetError} `invalid_request`, `taken`, `overloaded` */
  create(account: NewAccount, event: 'user.created' | 'user.registered', by: Actor, client?: Client): Promise<User>
  /** @throws {SignetError} `not_found` */
  get(userId: string): Promise<User>
  /**
   * The user a person means by a name or an id.
   * @param by which of the two it is; needed when it is the name of one user and the id of another
   * @throws {SignetError} `not_found`, `invalid_request` when it means two users
   */
  lookUp(nameOrId: string, by?: 'name' | 'id'): Promise<User>
  list(query: { limit: number; after?: string | undefined; prefix?: string | undefined }): Promise<User[]>
  /** @throws {SignetError} `not_found`, `invalid_request`, `taken`, `last_admin`, `overloaded` */
  change(userId: string, changes: AccountChanges, by: Actor, options?: ChangeOptions): Promise<User>
  /** Ends the waits after wrong passwords. @throws {SignetError} `not_found` */
  unlock(userId: string, by: Actor): Promise<User>
  /** @throws {SignetError} `not_found`, `last_admin` */
  delete(userId: string, by: Actor, options?: KeepAdmin): Promise<void>
  /**
   * Loads users from NDJSON, once in the life of a database and only while it has none.
   * @returns how many were inserted
   * @throws {Error} naming the file and the line that is wrong
   */
  seedFrom(file: string): Promise<number>
}

export function createUserService(dependencies: {
  users: UserStore
  hasher: PasswordHasher
  policy: PasswordPolicy
  limit: LoginLimit
  standIns: Pick<StandIns, 'for'>
  revocations: Pick<Revocations, 'add'>
  audit: Audit
}): UserService {
  const { users, hasher, policy, limit, revocations, audit } = dependencies
  const check = createPasswordCheck(dependencies)

  async function checkPassword(name: string, password: string, client: Client, shown?: Device): Promise<User> {
    const user = await find(name)
    const account = user?.username ?? accountName(name)
    const device = shown && shown.sub === user?.userId ? shown.sid : undefined
    const whom = { ip: client.ip, account: limit.nameless(account), ...(user && { sub: user.userId }) }
    try {
      const attempt = { account, userId: user?.userId, network: client.network, device }
      return await limit.guard(attempt, () => check(user, account, password, client))
    } catch (error) {
      if (error instanceof SignetError && error.code === 'invalid_credentials')
        audit({ event: 'login.failed', ...whom })
      if (error instanceof SignetError && error.code === 'too_many_attempts')
        audit({ event: 'login.throttled', ...whom })
      throw error
    }
  }

  async function find(name: string): Promise<User | undefined> {
    const spellings = spellingsOf(name)
    if (spellings.length > 0) return users.findByEmail(...spellings)
    const username = canonicalUsername(name)
    return username === undefined ? undefined : users.findByUsername(username)
  }

  async function changePassword(
    userId: string,
    sid: string,
    current: string,
    next: string,
    client: Client,
  ): Promise<void> {
    const { username } = await get(userId)
    const user = await checkPassword(username, current, client)
    await policy.check(next, user.username, '/new_password')
    const passwordHash = await hasher.hash(next, client)
    const outcome = await users.update(userId, { passwordHash }, { ifVersion: user.credentialsVersion, keep: sid })
    if (!outcome) throw new SignetError('invalid_credentials', 'the user changed while the hash was computed')
    const sessionsEnded = refuseTokensOf(outcome.ended, revocations)
    audit({ event: 'password.changed', sub: userId, sid, ip: client.ip, sessionsEnded })
  }

  async function create(
    account: NewAccount,
    event: 'user.created' | 'user.registered',
    by: Actor,
    client?: Client,
  ): Promise<User> {
    const email = emailOf(account.email)
    const named = newUsername(account.username, email)
    if ('mistake' in named) throw refused('/username', named.mistake)
    const { username } = named
    await requireFree(users, email)
    await policy.check(account.password, username, '/password')
    const passwordHash = await hasher.hash(account.password, client)
    const user = await users.create({
      userId: newUserId(),
      username,
      email,
      role: account.role ?? 'user',
      passwordHash,
    })
    audit({ event, sub: user.userId, ...by })
    return user
  }

  async function get(userId: string): Promise<User> {
    const user = await users.findById(userId)
    if (!user) throw new SignetError('not_found', 'no such user')
    return user
  }

  async function lookUp(nameOrId: string, by?: 'name' | 'id'): Promise<User> {
    const named = by === 'id' ? undefined : await find(nameOrId)
    const identified = by === 'name' ? undefined : await users.findById(nameOrId)
    if (named && identified && named.userId !== identified.userId) {
      throw refused('', 'it is the name of one user and the id of another')
    }
    const user = named || identified
    if (!user) throw new SignetError('not_found', 'no such user')
    return user
  }

  async function change(
    userId: string,
    changes: AccountChanges,
    by: Actor,
    options: ChangeOptions = {},
  ): Promise<User> {
    const { password, email, ...others } = changes
    const before = await get(userId)
    const wanted: UserChanges = { ...others, ...(await newAddress(users, before, email)) }
    const outcome = await users.update(
      userId,
      { ...wanted, ...(await newHash(before, password, options.client)) },
      options,
    )
    if (!outcome) throw new SignetError('not_found', 'no such user')
    const sessionsEnded = refuseTokensOf(outcome.ended, revocations)
    audit({ event: 'user.changed', sub: userId, changed: Object.keys(changes), sessionsEnded, ...by })
    if (password !== undefined) await limit.lift(userId) // it was set for somebody who is waiting for it
    return outcome.user
  }

  async function unlock(userId: string, by: Actor): Promise<User> {
    const user = await get(userId)
    await limit.lift(userId)
    audit({ event: 'user.unlocked', sub: userId, ...by })
    return user
  }

  async function newHash({ username }: User, password: string | undefined, client?: Client): Promise<UserChanges> {
    if (password === undefined) return {}
    await policy.check(password, username, '/password')
    return { passwordHash: await hasher.hash(password, client) }
  }

  async function remove(userId: string, by: Actor, options: KeepAdmin = {}): Promise<void> {
    const ended = await users.delete(userId, options)
    if (!ended) throw new SignetError('not_found', 'no such user')
    audit({ event: 'user.deleted', sub: userId, sessionsEnded: refuseTokensOf(ended, revocations), ...by })
  }

  async function seedFrom(file: string): Promise<number> {
    if (await users.isSeeded()) return 0
    const isFree = await users.isEmpty()
    const seeds = isFree ? await readSeeds(file) : []
    if (isFree && seeds.length === 0) return 0 // nobody in it yet: that was no seeding
    if (!(await users.seed(await Promise.all(seeds.map(hashed))))) return 0
    audit({ event: 'users.seeded', count: seeds.length })
    return seeds.length
  }

  const hashed = async (user: ImportedUser) =>
    newUserOf(user, user.password === undefined ? undefined : await hasher.hash(user.password, 'patient'))

  async function readSeeds(file: string): Promise<ImportedUser[]> {
    const seeds: ImportedUser[] = []
    for await (const { line, text } of linesOf(createReadStream(file))) {
      if (text?.trim() === '') continue
      const read =
        text === undefined ? { mistake: 'is too long or not UTF-8' } : readUserLine(text, policy.scheme, hasher)
      if ('mistake' in read) throw new Error(`${file}, line ${line}: ${read.mistake}`)
      seeds.push(read.user)
    }
    return seeds
  }

  return {
    checkPassword,
    changePassword,
    create,
    get,
    lookUp,
    list: users.list,
    change,
    unlock,
    delete: remove,
    seedFrom,
  }
}
