/** What an act costs does not grow with the database: SQLite says itself how it will look for rows. */
import t from 'tap'
import { migrate } from '../../src/engines/sqlite/migrations.ts'
import { createSqliteAttempts } from '../../src/engines/sqlite/sqlite-attempts.ts'
import { createSqliteChallenges } from '../../src/engines/sqlite/sqlite-challenges.ts'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { createSqliteFactors } from '../../src/engines/sqlite/sqlite-factors.ts'
import { createSqliteLimits } from '../../src/engines/sqlite/sqlite-limits.ts'
import { createSqliteMails } from '../../src/engines/sqlite/sqlite-mails.ts'
import { createSqliteSessions } from '../../src/engines/sqlite/sqlite-sessions.ts'
import { createSqliteUsers } from '../../src/engines/sqlite/sqlite-users.ts'
import { movableClock } from '../helpers/clock.ts'

t.test('no statement reads a whole table, or all of an index', async t => {
  const database = await openSqliteDatabase(':memory:')
  t.teardown(() => database.close())
  await migrate(database)
  const texts: string[] = []
  const raw = {
    prepare(sql: string) {
      texts.push(sql)
      return database.raw.prepare(sql)
    },
  } as typeof database.raw
  const recording = { ...database, raw }
  for (const create of [
    createSqliteUsers,
    createSqliteSessions,
    createSqliteLimits,
    createSqliteAttempts,
    createSqliteMails,
    createSqliteFactors,
    createSqliteChallenges,
  ]) {
    create(recording, movableClock())
  }
  t.ok(texts.length > 40)
  const used = new Set<string>()
  for (const sql of texts) {
    const plan = database.raw.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
    for (const detail of plan.map(row => String(row['detail']))) {
      const [, index = ''] = /USING (?:COVERING )?INDEX (\w+)/.exec(detail) ?? []
      used.add(index)
      const isShort =
        index === 'users_admins' ||
        sql.includes('1 FROM users LIMIT 1') ||
        /^SCAN (?:\(subquery|CONSTANT ROW|standing)/.test(detail) // `standing` is one row of what was found by an index
      if (/^SCAN/.test(detail)) t.ok(isShort, `${detail}: ${sql}`)
    }
  }
  const ours = `SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`
  const unused = database.raw
    .prepare(ours)
    .all()
    .map(({ name }) => String(name))
    .filter(name => !used.has(name))
  t.strictSame(
    unused,
    ['signing_keys_one', 'user_sample_ranks', 'mails_one_waiting'],
    'and no index is kept up for nothing',
  )
})
