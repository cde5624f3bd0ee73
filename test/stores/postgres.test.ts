import pg from 'pg'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import { openStores } from '../../src/engines/open-stores.ts'
import { steps } from '../../src/engines/postgres/schema.ts'
import { migrate } from '../../src/engines/sqlite/migrations.ts'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { emptyDatabase, runSql, serverOf } from '../helpers/postgres.ts'
import { waitUntil } from '../helpers/process.ts'
import { away, demo, opened, policy, withSession } from './opened-postgres.ts'
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

t.test('a login that is not committed yet is ended by the change of the password that overtakes it', async t => {
  const url = await emptyDatabase(t)
  const stores = await opened(t, url)
  await stores.users.seed([demo])
  await runSql(
    url,
    `CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NEW; END';
    CREATE TRIGGER linger BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION linger()`,
  )
  const lives = { idleSeconds: 1000, maxAgeSeconds: 9000, ip: null, userAgent: null }

  const login = stores.sessions.create({ sid: 'sid', userId: 'id-a', ...lives }, 0)
  const lingering = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
  await waitUntil(async () => (await runSql(url, lingering)).length > 0)
  const change = await stores.users.update('id-a', { passwordHash: 'another' })

  t.match(await login, { session: { revokedAt: null } })
  t.strictSame(change?.ended, [{ sid: 'sid', wasLive: true }])
  t.match(await stores.sessions.find('sid'), { session: { revokeReason: 'password_changed' } })
})

/**
 * What becomes of acts that all meet somebody who has the row they need, once that one has committed. They wait for two seconds,
 * and machines are busy: so again, if one gave up.
 */
async function behindTheRow<T>(t: Test, url: string, has: string, acts: () => Promise<T>[]): Promise<T[]> {
  const [holder, watcher] = [0, 1].map(() => new pg.Client({ connectionString: url })) as [pg.Client, pg.Client]
  for (const client of [holder, watcher]) {
    await client.connect()
    t.teardown(() => client.end())
  }
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  for (let triesLeft = 10; ; triesLeft--) {
    await holder.query(`BEGIN; ${has}`)
    const begun = acts()
    let isOver = false
    const all = Promise.all(begun)
    const settled = Promise.allSettled(begun).then(() => (isOver = true))
    all.catch(() => {}) // it is looked at below
    await waitUntil(async () => isOver || (await watcher.query(waiting)).rows.length === begun.length)
    await holder.query('COMMIT')
    await settled
    try {
      return await all
    } catch (error) {
      if (triesLeft === 0 || (error as { code?: string }).code !== 'unavailable') throw error
    }
  }
}

t.test('a change that was judged by a version waits for whoever is raising it, and does nothing then', async t => {
  const url = await emptyDatabase(t)
  const { users } = await opened(t, url)
  await users.seed([demo])
  let version = 0
  const raises = 'UPDATE users SET credentials_version = credentials_version + 1'
  const outcomes = await behindTheRow(t, url, raises, () => [
    users.update('id-a', { passwordHash: 'late' }, { ifVersion: version++ }),
  ])
  t.strictSame(outcomes, [undefined])
  t.match(await users.findById('id-a'), { passwordHash: null })
})

t.test('who counts while somebody else is counting goes on from there', async t => {
  const url = await emptyDatabase(t)
  const { limits } = await opened(t, url)
  t.match(await limits.increment('key', 3600), { count: 1 })
  let tries = 0
  const [counted] = await behindTheRow(t, url, 'UPDATE limits SET count = count + 1', () => {
    tries++
    return [limits.increment('key', 3600)]
  })
  t.equal(counted?.count, 1 + tries + 1)
})

t.test('logins that waited for the same row count each other', async t => {
  const url = await emptyDatabase(t)
  const { users, sessions } = await opened(t, url)
  await users.seed([demo])
  const lives = { idleSeconds: 1000, maxAgeSeconds: 9000, ip: null, userAgent: null, most: 1 }
  let sid = 0
  await behindTheRow(t, url, 'SELECT FROM users FOR UPDATE', () =>
    ['one', 'other'].map(() => sessions.create({ sid: `sid-${sid++}`, userId: 'id-a', ...lives }, 0)),
  )
  t.equal((await sessions.list('id-a', { limit: 10 })).length, 1, 'neither saw the other when it began')
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

t.test('a row that stays locked is unavailable after two seconds, and nothing has changed', async t => {
  const url = await emptyDatabase(t)
  const stores = await opened(t, url)
  const sid = await withSession(stores)
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  await other.query('BEGIN')
  await other.query('SELECT * FROM sessions FOR UPDATE')

  await t.rejects(stores.sessions.rotate(sid, 0, policy), { ...away, message: /lock timeout/ })

  await other.query('ROLLBACK')
  await other.end()
  t.match((await stores.sessions.rotate(sid, 0, policy))?.session, { generation: 1 })
})

t.test('what the server undoes is asked again, eight times in all, and is an outage then', async t => {
  const url = await emptyDatabase(t)
  const stores = await opened(t, url)
  const sid = await withSession(stores)
  await runSql(
    url,
    `CREATE SEQUENCE asked; CREATE TABLE most (tries integer); INSERT INTO most VALUES (20);
    CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('asked') <= (SELECT tries FROM most) THEN RAISE 'undone' USING ERRCODE = '40001'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER undo BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION undo()`,
  )
  await t.rejects(stores.sessions.rotate(sid, 0, policy), away)
  t.match(await runSql(url, 'SELECT last_value::integer FROM asked'), [{ last_value: 8 }])
  await runSql(url, 'UPDATE most SET tries = 10')
  t.match(await stores.sessions.rotate(sid, 0, policy), { session: { generation: 1 } }, 'of which the third is taken')
})

t.test('who cleans up leaves alone what somebody holds, and does not wait for it', async t => {
  const url = await emptyDatabase(t)
  const stores = await opened(t, url)
  const held = await withSession(stores)
  const lives = { idleSeconds: 1000, maxAgeSeconds: 9000, ip: null, userAgent: null }
  await stores.sessions.create({ sid: 'other', userId: demo.userId, ...lives }, 0)
  await runSql(url, 'UPDATE sessions SET due_at = 1, expires_at = 1')
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  await holder.query(`BEGIN; SELECT FROM sessions WHERE sid = '${held}' FOR UPDATE`)
  t.equal(await stores.sessions.deleteEnded(0, 10), 1)
  await holder.query('ROLLBACK')
  await holder.end()
  t.equal(await stores.sessions.deleteEnded(0, 10), 1)
})
