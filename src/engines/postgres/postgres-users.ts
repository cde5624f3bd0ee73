/**
 * Users in PostgreSQL. A change locks the user's row before it ends the sessions, as a login does before it begins one
 * (postgres-sessions.ts), and ends them in a statement of its own, which sees what the lock had to wait for.
 */

import { SignetError } from '../../base/errors.ts'
import { reasonToEnd } from '../../sessions/ending.ts'
import type { MailEffects, NewUser, UserStore } from '../../stores/stores.ts'
import { isAdmin, lastAdmin, stopsBeingAdmin } from '../../users/last-admin.ts'
import { heldName, keptAddress } from '../mail-sql.ts'
import { end } from './end-sessions.ts'
import {
  applyEffects,
  dropLinks,
  dropMailsOf,
  requireNotHeld,
  requireNotKept,
  spend,
  waitForHolders,
} from './mail-effects.ts'
import { type Ask, type PostgresDatabase, statement } from './postgres-database.ts'
import { dropFactorsSince, removeFactorsOf } from './postgres-factors.ts'
import { toSampledHash, toUser, userColumns } from './rows.ts'

const byId = statement('user by id', `SELECT ${userColumns} FROM users WHERE user_id = $key`)
const byUsername = statement('user by name', `SELECT ${userColumns} FROM users WHERE username = $key`)
const byEmail = statement('user by e-mail', `SELECT ${userColumns} FROM users WHERE email = ANY ($spellings::text[])`)
const lockById = statement('lock user', `SELECT ${userColumns} FROM users WHERE user_id = $key FOR NO KEY UPDATE`)
const emails = statement(
  'list addresses',
  'SELECT user_id, email FROM users WHERE email > $after ORDER BY email LIMIT $limit::bigint',
)
// All in one statement and in one order, so that two administrators who demote each other wait and do not deadlock.
const lockWithAdmins = statement(
  'lock user and administrators',
  `SELECT ${userColumns} FROM users WHERE user_id = $key OR (role = 'admin' AND NOT disabled)
  ORDER BY user_id FOR NO KEY UPDATE`,
)
const seeded = statement('was seeded', `SELECT 1 AS one FROM meta WHERE name = 'seeded'`)
// Whoever seeds at the same time waits here for the first one, and then finds it done.
const noteSeeded = statement(
  'note seeding',
  `INSERT INTO meta (name, value) VALUES ('seeded', '\\x01') ON CONFLICT DO NOTHING RETURNING name`,
)
const any = statement('any user', 'SELECT 1 AS one FROM users LIMIT 1')
// A prefix is a range, so that both searches use their index; 0x10FFFF sorts behind everything a name can hold.
const page = statement(
  'list users',
  `SELECT ${userColumns} FROM users WHERE username > $after AND (
    (username >= $prefix AND username < $end) OR (email >= $prefix AND email < $end))
  ORDER BY username LIMIT $limit::bigint`,
)
const insert = (name: string, more: string) =>
  statement(
    name,
    `INSERT INTO users (
      user_id, username, email, unproven_email, role, password_hash, foreign_hash, disabled, created_at)
    SELECT user_id, username, email, unproven_email, role, password_hash, foreign_hash, disabled, $now
    FROM unnest($ids::text[], $names::text[], $emails::text[], $unproven::text[], $roles::text[], $hashes::text[],
        $foreign::boolean[], $disabled::boolean[])
      WITH ORDINALITY AS given (
        user_id, username, email, unproven_email, role, password_hash, foreign_hash, disabled, number)
    WHERE NOT EXISTS (SELECT 1 FROM mails WHERE address = given.email AND ${keptAddress})
    ORDER BY number
    ${more} RETURNING ${userColumns}`,
  )
const insertAll = insert('insert users', '')
const insertFree = insert('insert users whose name is free', 'ON CONFLICT DO NOTHING')
const removeHeld = statement(
  'remove users whose name is held',
  `DELETE FROM users WHERE user_id = ANY ($ids::text[])
    AND username IN (SELECT username FROM mails WHERE username = ANY ($names::text[]) AND ${heldName})
  RETURNING user_id`,
)
const existing = statement(
  'users of these names',
  `SELECT ${userColumns} FROM users WHERE username = ANY ($names::text[])`,
)
const update = statement(
  'update user',
  `UPDATE users SET username = $username, role = $role, email = $email, unproven_email = $unproven,
    disabled = $disabled::boolean, password_hash = $passwordHash,
    foreign_hash = $foreignHash::boolean, credentials_version = credentials_version + $raise::bigint
  WHERE user_id = $userId
  RETURNING ${userColumns}`,
)
const rehash = statement(
  'rehash',
  `UPDATE users SET password_hash = $to, foreign_hash = false
  WHERE user_id = $userId AND password_hash = $from RETURNING user_id`,
)
// About a thousand blocks, whatever the table's size, and of their rows (40 in a block) again a part: of a block alone,
// whose users were often imported together, nobody could tell how all are. REPEATABLE and md5 choose the same ones again.
const sample = statement(
  'sample hashes',
  `SELECT password_hash, foreign_hash FROM users TABLESAMPLE SYSTEM (
    least(100, 100 * 1000 * current_setting('block_size')::real / greatest(pg_relation_size('users'), 1))) REPEATABLE (1)
  WHERE password_hash IS NOT NULL ORDER BY md5(user_id) LIMIT $limit::bigint`,
)
const remove = statement('delete user', 'DELETE FROM users WHERE user_id = $userId RETURNING user_id')

export function createPostgresUsers({ ask, transaction }: PostgresDatabase): UserStore {
  const find = async (by: typeof byId, key: string) => (await ask(by, { key })).map(toUser)[0]

  return {
    findById: userId => find(byId, userId),
    findByUsername: username => find(byUsername, username),
    async findByEmail(...spellings) {
      const found = (await ask(byEmail, { spellings })).map(toUser)
      return spellings.map(email => found.find(user => user.email === email)).find(user => user !== undefined)
    },
    listEmails: async (after, limit) =>
      (await ask(emails, { after, limit })).map(row => ({
        userId: String(row['user_id']),
        email: String(row['email']),
      })),
    isEmpty: async () => (await ask(any)).length === 0,

    list: async ({ limit, after = '', prefix = '' }) =>
      (await ask(page, { limit, after, prefix, end: `${prefix}\u{10ffff}` })).map(toUser),

    create: ((user: NewUser, effects: MailEffects = {}) =>
      transaction(async ask => {
        if (!(await spend(ask, effects.spend))) return undefined
        const created = await createOne(ask, user)
        await applyEffects(ask, user.userId, effects)
        return created
      }, 'READ COMMITTED')) as UserStore['create'],

    async importMissing(users) {
      const columns = columnsOf(users)
      const made = await transaction(async ask => {
        await waitForHolders(ask, columns.emails)
        const rows = await ask(insertFree, columns)
        const ids = rows.map(row => row['user'] as string)
        // As `requireNotHeld`.
        const held = new Set((await ask(removeHeld, { ids, names: columns.names })).map(row => row['user_id']))
        return rows.filter(row => !held.has(row['user']))
      }, 'READ COMMITTED')
      const inserted = new Map(made.map(row => [row['username'], row['user']]))
      const holders = new Map((await ask(existing, columns)).map(toUser).map(user => [user.username, user]))
      return users.map(({ username, userId }) => {
        const namesake = holders.get(username)
        if (inserted.get(username) !== userId) return namesake ? { namesake } : 'taken'
        inserted.delete(username) // the same user given again exists by now
        return 'inserted'
      })
    },

    isSeeded: async () => (await ask(seeded)).length > 0,

    seed: users =>
      transaction(async ask => {
        if ((await ask(noteSeeded)).length === 0 || (await ask(any)).length > 0) return false
        await ask(insertAll, columnsOf(users))
        return true
      }),

    update: (userId, changes, { ifVersion, keep, keepAdmin, end: whatever, ...effects } = {}) =>
      transaction(async ask => {
        const { before, isLastAdmin } = await lockUser(
          ask,
          userId,
          keepAdmin && ('role' in changes || 'disabled' in changes),
        )
        if (!before || (ifVersion !== undefined && before.credentialsVersion !== ifVersion)) return undefined
        if (!(await spend(ask, effects.spend))) return undefined
        const { username, role, email, disabled, passwordHash } = { ...before, ...changes }
        if (isLastAdmin && stopsBeingAdmin(before, { role, disabled })) throw lastAdmin()
        const isNewAddress = email !== before.email
        const reason = whatever ?? reasonToEnd(before, changes)
        const foreignHash = before.foreignHash && changes.passwordHash === undefined
        const address = addressOf(email, before.emailVerified || changes.email !== undefined)
        const after = { userId, username, role, ...address, disabled, passwordHash, foreignHash, raise: reason ? 1 : 0 }
        if (effects.dropsFactorsSince !== undefined) await dropFactorsSince(ask, userId, effects.dropsFactorsSince)
        if (changes.email !== undefined && (isNewAddress || !before.emailVerified)) {
          await waitForHolders(ask, [email])
          await requireNotKept(ask, email, userId)
        }
        const user = toUser((await ask(update, after))[0] ?? {})
        if (username !== before.username) await requireNotHeld(ask, username)
        if (reason || isNewAddress) await dropLinks(ask, userId, isNewAddress)
        await applyEffects(ask, userId, effects)
        return { user, ended: reason ? await end(ask, userId, reason, keep ?? null) : [] }
      }, 'READ COMMITTED'),

    sampleHashes: async limit => (await ask(sample, { limit })).map(toSampledHash),

    rehash: async (userId, from, to) => (await ask(rehash, { userId, from, to })).length === 1,

    delete: (userId, { keepAdmin } = {}) =>
      transaction(async ask => {
        if (keepAdmin && (await lockUser(ask, userId, true)).isLastAdmin) throw lastAdmin()
        if ((await ask(remove, { userId })).length === 0) return undefined
        await dropMailsOf(ask, userId)
        await removeFactorsOf(ask, userId)
        return end(ask, userId, 'deleted', null)
      }),
  }
}

async function createOne(ask: Ask, user: NewUser) {
  const columns = columnsOf([user])
  await waitForHolders(ask, columns.emails)
  const [row] = await ask(insertAll, columns)
  if (!row) throw new SignetError('taken', 'the address is kept for its former owner')
  await requireNotHeld(ask, user.username)
  return toUser(row)
}

/** An unproven address stands where it is nobody's name and keeps nobody else's away. */
function addressOf(email: string | null, isProven: boolean) {
  return isProven ? { email, unproven: null } : { email: null, unproven: email }
}

/** Locks a user, and with `keepAdmin` all administrators, so that who is the last one stays so until this is done. */
async function lockUser(ask: Ask, userId: string, keepAdmin = false) {
  const locked = (await ask(keepAdmin ? lockWithAdmins : lockById, { key: userId })).map(toUser)
  const before = locked.find(user => user.userId === userId)
  const admins = locked.filter(isAdmin)
  return { before, isLastAdmin: keepAdmin && admins.length === 1 && admins[0] === before }
}

/** Users as columns, so that any number of them is one statement. */
function columnsOf(users: readonly NewUser[]) {
  const addresses = users.map(({ email, emailVerified = true }) => addressOf(email, emailVerified))
  return {
    ids: users.map(user => user.userId),
    names: users.map(user => user.username),
    emails: addresses.map(({ email }) => email),
    unproven: addresses.map(({ unproven }) => unproven),
    roles: users.map(user => user.role),
    hashes: users.map(user => user.passwordHash),
    foreign: users.map(user => user.foreignHash ?? false),
    disabled: users.map(user => user.disabled ?? false),
  }
}
