/** Users in SQLite. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import { SignetError } from '../../base/errors.ts'
import { asThrown } from '../../base/thrown.ts'
import { reasonToEnd } from '../../sessions/ending.ts'
import type { ImportOutcome, MailEffects, NewUser, SampledHash, User, UserStore } from '../../stores/stores.ts'
import { lastAdmin, stopsBeingAdmin } from '../../users/last-admin.ts'
import { heldName, keptAddress } from '../mail-sql.ts'
import type { Row } from '../rows.ts'
import { sessionEnder } from './end-sessions.ts'
import { createMailEffects } from './mail-effects.ts'
import { toSampledHash, toUser } from './rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import { factorDropper, factorRemover } from './sqlite-factors.ts'
import { sampleSize } from './user-sample.ts'

export function createSqliteUsers({ raw, read, write, transaction }: SqliteDatabase, clock: Clock): UserStore {
  const byId = raw.prepare('SELECT * FROM users WHERE user_id = ?')
  const byUsername = raw.prepare('SELECT * FROM users WHERE username = ?')
  const byEmail = raw.prepare('SELECT * FROM users WHERE email = ?')
  const emails = raw.prepare('SELECT user_id, email FROM users WHERE email > ? ORDER BY email LIMIT ?')
  const otherAdmin = raw.prepare(`
    SELECT 1 FROM users WHERE role = 'admin' AND disabled = 0 AND user_id <> ? LIMIT 1`)
  const seeded = raw.prepare(`SELECT 1 FROM meta WHERE name = 'seeded'`)
  const noteSeeded = raw.prepare(`INSERT INTO meta (name, value) VALUES ('seeded', x'01') ON CONFLICT DO NOTHING`)
  const any = raw.prepare('SELECT 1 FROM users LIMIT 1')
  // A prefix is a range, so that both searches use their index; 0x10FFFF sorts behind everything a name can hold.
  const page = raw.prepare(`
    SELECT * FROM users WHERE username > $after AND (
      (username >= $prefix AND username < $end) OR (email >= $prefix AND email < $end))
    ORDER BY username LIMIT $limit`)
  const into = `
    INSERT INTO users (
      user_id, username, email, unproven_email, role, password_hash, foreign_hash, disabled, created_at)
    SELECT $userId, $username, $email, $unproven, $role, $passwordHash, $foreignHash, $disabled, $now`
  const insert = raw.prepare(`${into} RETURNING *`)
  const insertIfFree = raw.prepare(`
    ${into} WHERE NOT EXISTS (SELECT 1 FROM mails WHERE address = $email AND ${keptAddress})
      AND NOT EXISTS (SELECT 1 FROM mails WHERE username = $username AND ${heldName})
    ON CONFLICT DO NOTHING`)
  const update = raw.prepare(`
    UPDATE users SET username = $username, role = $role, email = $email, unproven_email = $unproven, disabled = $disabled,
      password_hash = $passwordHash, foreign_hash = $foreignHash, credentials_version = credentials_version + $raise
    WHERE user_id = $userId
    RETURNING *`)
  const rehash = raw.prepare(`
    UPDATE users SET password_hash = $newHash, foreign_hash = 0
    WHERE user_id = $userId AND password_hash = $oldHash`)
  const sample = raw.prepare(`
    SELECT password_hash, foreign_hash FROM user_sample JOIN users USING (user_id)
    WHERE place > $after AND place <= $upTo AND password_hash IS NOT NULL`)
  const remove = raw.prepare('DELETE FROM users WHERE user_id = ?')
  const removeFactors = factorRemover(raw)
  const end = sessionEnder(raw, clock)

  const find = (statement: typeof byId, value: string) =>
    read(() => {
      const row = statement.get(value)
      return row && toUser(row)
    })
  const effectsOf = createMailEffects(raw, clock)
  const dropFactors = factorDropper(raw)
  const toRow = ({ disabled = false, foreignHash = false, emailVerified = true, email, ...user }: NewUser) => ({
    ...user,
    ...addressOf(email, emailVerified),
    foreignHash: Number(foreignHash),
    disabled: Number(disabled),
    now: clock(),
  })

  /** @param after what becomes of the user; undefined when deleted */
  function requireAdminBeside(before: User, after?: Pick<User, 'role' | 'disabled'>): void {
    if (stopsBeingAdmin(before, after) && otherAdmin.get(before.userId) === undefined) throw lastAdmin()
  }

  function createOne(user: NewUser): User {
    if (user.emailVerified !== false) effectsOf.requireNotKept(user.email, user.userId)
    effectsOf.requireNotHeld(user.username)
    return toUser(orTaken(() => insert.get(toRow(user))) as Row)
  }

  function importOne(user: NewUser): ImportOutcome {
    if (insertIfFree.run(toRow(user)).changes === 1) return 'inserted'
    const row = byUsername.get(user.username)
    return row ? { namesake: toUser(row) } : 'taken'
  }

  return {
    findById: userId => find(byId, userId),
    findByUsername: username => find(byUsername, username),
    findByEmail: (...spellings) =>
      read(() => {
        const row = spellings.map(email => byEmail.get(email)).find(found => found !== undefined)
        return row && toUser(row)
      }),
    listEmails: (after, limit) =>
      read(() =>
        emails.all(after, limit).map(row => ({ userId: String(row['user_id']), email: String(row['email']) })),
      ),
    isEmpty: () => read(() => any.get() === undefined),

    list: ({ limit, after = '', prefix = '' }) =>
      read(() => page.all({ limit, after, prefix, end: `${prefix}\u{10ffff}` }).map(toUser)),

    create: (async (user: NewUser, effects?: MailEffects) => {
      if (!effects) return write(() => createOne(user))
      return transaction(() => {
        if (effects.spend !== undefined && !effectsOf.spend(effects.spend)) return undefined
        const created = createOne(user)
        effectsOf.apply(user.userId, effects)
        return created
      })
    }) as UserStore['create'],

    importMissing: users => transaction(() => users.map(importOne)),

    isSeeded: () => read(() => seeded.get() !== undefined),

    seed: users =>
      transaction(() => {
        if (noteSeeded.run().changes === 0 || any.get() !== undefined) return false
        for (const user of users) insert.get(toRow(user))
        return true
      }),

    update: (userId, changes, { ifVersion, keep, keepAdmin, end: whatever, ...effects } = {}) =>
      transaction(() => {
        const row = byId.get(userId)
        const before = row && toUser(row)
        if (!before || (ifVersion !== undefined && before.credentialsVersion !== ifVersion)) return undefined
        if (effects.spend !== undefined && !effectsOf.spend(effects.spend)) return undefined
        const { username, role, email, disabled, passwordHash } = { ...before, ...changes }
        if (keepAdmin) requireAdminBeside(before, { role, disabled })
        const isNewAddress = email !== before.email
        const isNewProof = changes.email !== undefined && (isNewAddress || !before.emailVerified)
        if (isNewProof) effectsOf.requireNotKept(email, userId)
        if (username !== before.username) effectsOf.requireNotHeld(username)
        const reason = whatever ?? reasonToEnd(before, changes)
        const after = {
          userId,
          username,
          role,
          ...addressOf(email, before.emailVerified || changes.email !== undefined),
          disabled: Number(disabled),
          passwordHash,
          foreignHash: Number(before.foreignHash && changes.passwordHash === undefined),
          raise: reason ? 1 : 0,
        }
        if (effects.dropsFactorsSince !== undefined) dropFactors(userId, effects.dropsFactorsSince)
        const user = toUser(orTaken(() => update.get(after)) as Row)
        if (reason || isNewAddress) effectsOf.dropLinks(userId, isNewAddress)
        effectsOf.apply(userId, effects)
        return { user, ended: reason ? end(userId, reason, keep ?? null) : [] }
      }),

    async sampleHashes(limit) {
      const sampled: SampledHash[] = []
      // Each row may have to come from the disk, so only some are read in a turn of the event loop.
      for (let after = 0; after < sampleSize; after += 50) {
        sampled.push(...(await read(() => sample.all({ after, upTo: after + 50 }).map(toSampledHash))))
        await turn()
      }
      return sampled.slice(0, limit)
    },

    rehash: (userId, oldHash, newHash) => write(() => rehash.run({ userId, oldHash, newHash }).changes === 1),

    delete: (userId, { keepAdmin } = {}) =>
      transaction(() => {
        const row = byId.get(userId)
        if (row && keepAdmin) requireAdminBeside(toUser(row))
        if (remove.run(userId).changes === 0) return undefined
        effectsOf.dropAll(userId)
        removeFactors(userId)
        return end(userId, 'deleted', null)
      }),
  }
}

/** An unproven address stands where it is nobody's name and keeps nobody else's away. */
function addressOf(email: string | null, isProven: boolean) {
  return isProven ? { email, unproven: null } : { email: null, unproven: email }
}

const uniqueCodes = new Set([2067 /* CONSTRAINT_UNIQUE */, 1555 /* CONSTRAINT_PRIMARYKEY */])

function orTaken<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!uniqueCodes.has(asThrown(error).errcode ?? 0)) throw error
    throw new SignetError('taken', 'the name, the e-mail address or the id belongs to somebody', { cause: error })
  }
}
