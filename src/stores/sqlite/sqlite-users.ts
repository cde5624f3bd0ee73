/** Users in SQLite. */
import type { Clock } from '../../clock.ts'
import type { UserStore } from '../stores.ts'
import { toUser } from './rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

export function createSqliteUsers({ raw, run, transaction }: SqliteDatabase, clock: Clock): UserStore {
  const byUsername = raw.prepare('SELECT * FROM users WHERE username = ?')
  const byEmail = raw.prepare('SELECT * FROM users WHERE email = ?')
  const any = raw.prepare('SELECT 1 FROM users LIMIT 1')
  const insert = raw.prepare(`
    INSERT INTO users (user_id, username, email, role, password_hash, created_at)
    VALUES ($userId, $username, $email, $role, $passwordHash, $now)`)

  return {
    findByUsername: username =>
      run(() => {
        const row = byUsername.get(username)
        return row && toUser(row)
      }),

    findByEmail: email =>
      run(() => {
        const row = byEmail.get(email)
        return row && toUser(row)
      }),

    isEmpty: () => run(() => any.get() === undefined),

    seed: users =>
      transaction(() => {
        if (any.get() !== undefined) return false
        for (const user of users) insert.run({ ...user, now: clock() })
        return true
      }),
  }
}
