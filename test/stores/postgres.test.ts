/** The contract on PostgreSQL, and its schema: made once, brought up to date, with the indexes that SQLite has. */
import pg from 'pg'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { openStores } from '../../src/engines/open-stores.ts'
import { steps } from '../../src/engines/postgres/schema.ts'
import { migrate } from '../../src/engines/sqlite/migrations.ts'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { emptyDatabase, runSql, serverOf } from '../helpers/postgres.ts'
import { demo, opened } from './opened-postgres.ts'
import { postgres, testContract } from './postgres.contract.ts'

testContract(t, postgres)

t.test('five that open an empty database at once make it once', async t => {
  const url = await emptyDatabase(t)
  const all = await Promise.all(Array.from({ length: 5 }, () => opened(t, url)))
  t.equal(new Set(all.map(({ salt }) => salt.toString('hex'))).size, 1)
  t.strictSame(all.map(({ schema }) => schema.found).sort(), [0, ...Array(4).fill(steps.length)])
  t.ok(all.every(({ schema }) => schema.current === steps.length))
})

t.test('a database of the first schema is brought up to date, and nobody is logged out', async t => {
  const url = await emptyDatabase(t)
  const sid = 's'.repeat(22)
  const now = systemClock()
  await runSql(
    url,
    `CREATE TABLE meta (name text COLLATE "C" PRIMARY KEY, value bytea NOT NULL);
    INSERT INTO meta VALUES ('salt', decode(repeat('ab', 32), 'hex')), ('schema', '1');
    ${steps[0]?.sql}
    INSERT INTO users (user_id, username, email, role, created_at) VALUES ('id-a', 'a', 'a@example.com', 'user', 1);
    INSERT INTO sessions (sid, user_id, created_at, expires_at, max_expires_at)
    VALUES ('${sid}', 'id-a', ${now}, ${now + 1000}, ${now + 9000})`,
  )

  const after = await opened(t, url)
  t.match(after.schema, { found: 1, current: steps.length })
  t.equal((await after.sessions.find(sid))?.session.generation, 0)
  t.match(await after.users.findById('id-a'), { foreignHash: true }, 'nobody knows who made a hash of before')
  t.match(await after.users.findByEmail('a@example.com'), { emailVerified: true }, 'an address of before is proven')
  t.equal(await after.users.isSeeded(), true, 'and whoever has users has been seeded')
  t.equal(await after.sessions.deleteEnded(0, 10), 1, 'it is looked at once, as nobody knew when')
  t.equal(await after.sessions.deleteEnded(0, 10), 0, 'nothing is due before it expires')
  t.ok(await after.sessions.find(sid))
})

t.test('a database of a newer version is refused, untouched', async t => {
  const url = await emptyDatabase(t)
  await opened(t, url)
  await runSql(url, `UPDATE meta SET value = '999' WHERE name = 'schema'`)
  await t.rejects(opened(t, url), /schema 999/)
  await t.rejects(openStores({ database: serverOf(url) }, systemClock, { mayBeAway: true }), /schema 999/)
})

t.test('it has the indexes that SQLite has: no act reads a whole table in one of them only', async t => {
  const url = await emptyDatabase(t)
  await opened(t, url)
  const sqlite = await openSqliteDatabase(':memory:')
  await migrate(sqlite)
  const named = (rows: Record<string, unknown>[]) => rows.map(row => String(row['name'])).toSorted()
  const ofSqlite = sqlite.raw.prepare(`SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`).all()
  const ofPostgres = await runSql(
    url,
    `SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public' AND indexname !~ '_(pkey|key)$'`,
  )
  t.strictSame(
    named(ofPostgres),
    named(ofSqlite).filter(name => name !== 'user_sample_ranks'),
  )
  await sqlite.close()
})

t.test('a start finds a database that is up to date and changes nothing: nobody else has to wait', async t => {
  const url = await emptyDatabase(t)
  await opened(t, url)
  const another = new pg.Client({ connectionString: url })
  await another.connect()
  await another.query(`BEGIN; SELECT FROM meta WHERE name = 'schema' FOR UPDATE`) // as one that migrates has it
  t.match((await opened(t, url)).schema, { found: steps.length })
  await another.end()
})

t.test('the time is that of the database', async t => {
  const stores = await opened(t, await emptyDatabase(t))
  const { now } = await stores.sessions.revokedSince(0, '', 10)
  t.ok(Math.abs(now - systemClock()) <= 2)
})

t.test('what no text of PostgreSQL can hold is not found, and that is all', async t => {
  const { users, sessions } = await opened(t, await emptyDatabase(t))
  t.equal(await users.findById('a\0b'), undefined)
  t.strictSame(await users.list({ limit: 10, prefix: '\0', after: '\ud800' }), [])
  t.equal(await sessions.revokeOwn('id-a', '\0'), false)
})

t.test('an act that is refused costs no connection', async t => {
  const url = await emptyDatabase(t)
  const { users, mails } = await opened(t, url)
  await users.seed([{ ...demo, role: 'admin' }])
  const mine = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'signet'`
  const before = await runSql(url, mine)
  t.equal(before.length, 1)
  await t.rejects(users.delete('id-a', { keepAdmin: true }), { code: 'last_admin' })
  await t.rejects(users.update('id-a', { role: 'user' }, { keepAdmin: true }), { code: 'last_admin' })
  await t.rejects(users.create(demo), { code: 'taken' })
  const mail = {
    id: 'm',
    purpose: 'change',
    userId: 'id-a',
    address: 'a@b.example',
    language: 'en',
    lastsSeconds: 9,
  } as const
  await t.rejects(mails.replace(mail, 3, 'ended'), { code: 'token_revoked' })
  t.strictSame(await runSql(url, mine), before)
})
