/** A new version starts while an old one serves, and while somebody is in the way. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { plainly, steps } from '../../src/engines/postgres/schema.ts'
import type { Stores } from '../../src/stores/stores.ts'
import { testConfig } from '../helpers/app.ts'
import { emptyDatabase, runSql, serverOf } from '../helpers/postgres.ts'
import { waitUntil } from '../helpers/process.ts'
import { opened } from './opened-postgres.ts'

const schemaOf = `SELECT table_name AS "table", column_name AS name, data_type AS type, column_default AS "default" FROM information_schema.columns
    WHERE table_schema = 'public'
  UNION ALL SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT relname, '', coalesce(reloptions::text, ''), '' FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
  ORDER BY 1, 2, 3`

/** A database as a version before left it, with one session. */
async function oldDatabase(t: Test, version: number): Promise<string> {
  const url = await emptyDatabase(t)
  await runSql(
    url,
    `CREATE TABLE meta (name text COLLATE "C" PRIMARY KEY, value bytea NOT NULL);
    ${steps.slice(0, version).map(plainly).join(';\n')};
    INSERT INTO meta VALUES ('salt', decode(repeat('ab', 32), 'hex')), ('schema', '${version}');
    INSERT INTO users (user_id, username, role, created_at) VALUES ('id-a', 'a', 'user', 1);
    INSERT INTO sessions (sid, user_id, created_at, expires_at, max_expires_at) VALUES ('sid', 'id-a', 1, 5000000000, 5000000000)`,
  )
  return url
}

async function connected(t: Test, url: string, application_name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name })
  client.on('error', () => {})
  await client.connect()
  t.teardown(() => client.end())
  return client
}

/** Asks again as a service does, when a busy machine takes long for a step. */
async function openedInTime(t: Test, url: string): Promise<Stores> {
  return opened(t, url).catch(error => {
    if (error.code !== 'unavailable') throw error
    return openedInTime(t, url)
  })
}

/** What an instance of the version before does all the time. @returns ends it, and tells how it went */
async function oldInstance(t: Test, url: string) {
  const client = await connected(t, url, 'signet')
  await client.query('SET lock_timeout = 2000') // whoever waits longer has failed
  const told = { writes: 0, failures: 0 }
  let isOver = false
  const writing = (async () => {
    for (; !isOver; await sleep(5)) {
      await client.query('UPDATE sessions SET generation = generation + 1; UPDATE users SET role = role').then(
        () => told.writes++,
        () => told.failures++,
      )
    }
  })()
  return async () => {
    isOver = true
    await writing
    return told
  }
}

t.test('under a pg_dump the new one listens, says whom it waits for, and the old one goes on', async t => {
  const url = await oldDatabase(t, 1)
  const dump = await connected(t, url, 'pg_dump')
  await dump.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await dump.query(`SELECT *, 'hunter2' AS secret FROM users, sessions`)
  const [{ pid } = { pid: 0 }] = (await dump.query('SELECT pg_backend_pid() AS pid')).rows
  await dump.query(`SELECT 'hunter2', 4711 FROM users`)
  const stop = await oldInstance(t, url)

  const log: string[] = []
  const startedAt = performance.now()
  const config = { ...testConfig({ database: serverOf(url) }), seedUsersFile: undefined }
  const app = await buildApp({ config, log: { write: line => void log.push(line) } })
  t.teardown(() => app.close())
  await app.listen({ port: 0 })
  t.ok(performance.now() - startedAt < 30_000, 'it listens')
  const ask = async (path: string) => (await app.inject(path)).statusCode
  t.equal(await ask('/health/live'), 200)
  t.equal(await ask('/health/ready'), 503)
  const waits = `step 2 of ${steps.length} of the schema waits for process ${pid} of the server (pg_dump, since`
  t.ok(
    log.some(line => line.includes(waits) && line.includes('): SELECT ?, ? FROM users')),
    'whom',
  )
  t.notOk(log.some(line => line.includes('hunter2')))

  await dump.query('COMMIT')
  await waitUntil(async () => (await ask('/health/ready')) === 200, 20)
  const { writes, failures } = await stop()
  t.equal(failures, 0)
  t.ok(writes > 10, `${writes} writes`)
})

t.test('transactions of a moment, one after the other, keep no step from being taken', async t => {
  const url = await oldDatabase(t, steps.length - 1)
  const [one, next] = [await connected(t, url, 'signet'), await connected(t, url, 'signet')]
  await one.query('BEGIN; SELECT FROM users')
  const opening = opened(t, url)
  const hasLooked = `SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND state = 'idle in transaction' AND query ~ '^SELECT l.virtualtransaction'`
  await waitUntil(async () => (await runSql(url, hasLooked)).length > 0)
  await next.query('BEGIN; SELECT FROM users')
  await one.query('COMMIT')
  t.match((await opening).schema, { found: steps.length - 1, current: steps.length })
})

t.test('a step waits for a lock half as long as the requests behind it, and for its indexes without end', async t => {
  const url = await oldDatabase(t, 5)
  const noting = (table: string) =>
    `CREATE TRIGGER noting BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION note_patience()`
  const setting = (name: string) => `extract(epoch FROM current_setting('${name}')::interval)::integer`
  await runSql(
    url,
    `CREATE TABLE patience (who text, lock integer, statement integer, idle integer);
    CREATE FUNCTION note_patience() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO patience VALUES (TG_TABLE_NAME, ${setting('lock_timeout')}, ${setting('statement_timeout')},
        ${setting('idle_in_transaction_session_timeout')});
      RETURN NEW;
    END $$;
    ${noting('meta')}; ${noting('limits')}`,
  )
  const { limits } = await openedInTime(t, url)
  // On every connection there is, of which one has built an index.
  await Promise.all(Array.from({ length: 20 }, (_, i) => limits.increment(`key ${i}`, 60)))
  t.strictSame(await runSql(url, 'SELECT DISTINCT * FROM patience ORDER BY who'), [
    { who: 'limits', lock: 2, statement: 5, idle: 5 },
    { who: 'meta', lock: 1, statement: 60, idle: 0 },
  ])
})

t.test('step by step, beside a service, and all at once make the same', async t => {
  const fresh = await emptyDatabase(t)
  await opened(t, fresh)
  const wanted = await runSql(fresh, schemaOf)
  for (const version of [1, 5]) {
    const url = await oldDatabase(t, version)
    if (version === 5) {
      // An instance that was killed while it built an index, and one that was killed after.
      await runSql(url, 'CREATE INDEX sessions_of_live_user ON sessions (user_id)')
      await runSql(url, `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sessions_of_live_user'::regclass`)
    }
    if (version === 1) await runSql(url, 'ALTER TABLE sessions ADD COLUMN due_at bigint NOT NULL DEFAULT 0')
    const [first] = await Promise.all([openedInTime(t, url), openedInTime(t, url), openedInTime(t, url)])
    t.match((await first.sessions.find('sid'))?.session, { authTime: 1, amr: ['pwd'] })
    t.strictSame(await runSql(url, schemaOf), wanted, `from ${version}`)
  }
})

t.test('an instance that builds an index has the row, which instances of before and of now wait for', async t => {
  const url = await oldDatabase(t, 5)
  const look = await connected(t, url, 'a test')
  // An index is built when every snapshot of before is gone; this one has no lock on any table.
  const snapshot = await connected(t, url, 'a report')
  await snapshot.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  const first = opened(t, url)
  await waitUntil(async () => {
    const { rows } = await look.query(
      `SELECT FROM pg_stat_activity WHERE query ~ '^CREATE INDEX CONCURRENTLY' AND wait_event_type = 'Lock'`,
    )
    return rows.length > 0
  })

  const { rows } =
    await look.query(`SELECT DISTINCT l.virtualtransaction FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.granted AND c.relname = 'meta' AND l.pid <> pg_backend_pid()`)
  t.equal(rows.length, 1, 'by which instances of before see that somebody is in their way')
  await t.rejects(opened(t, url), {
    code: 'unavailable',
    message: /step 6 .+ waits for another instance that is taking it \(process \d+ of the server\)/,
  })
  t.match(await runSql(url, `SELECT value FROM meta WHERE name = 'schema'`), [{ value: Buffer.from('5') }])

  await snapshot.query('COMMIT')
  t.match((await first).schema, { found: 5, current: steps.length })
})

t.test('while a step is taken, however long, the new one listens and is not ready', async t => {
  const url = await oldDatabase(t, 5)
  const snapshot = await connected(t, url, 'a report')
  await snapshot.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
  const config = { ...testConfig({ database: serverOf(url) }), seedUsersFile: undefined }
  const app = await buildApp({ config, log: { write() {} } })
  t.teardown(() => app.close())
  const listening = app.listen({ port: 0 }).then(() => 'listens')
  t.equal(await Promise.race([listening, sleep(20_000, 'waits', { ref: false })]), 'listens')
  const ready = await Promise.race([app.inject('/health/ready'), sleep(2000, undefined, { ref: false })])
  t.equal(ready?.statusCode, 503)

  await snapshot.query('COMMIT')
  await listening
  await waitUntil(async () => (await app.inject('/health/ready')).statusCode === 200, 20)
})

t.test('an instance of before that is taking a step finishes it, and this one goes on from there', async t => {
  const url = await oldDatabase(t, 5)
  const [step] = steps.slice(5)
  const former = await connected(t, url, 'signet')
  // As it is there: its lock, what is done beside, the step, and the note that it was taken.
  await former.query('BEGIN; SELECT pg_try_advisory_xact_lock(7384196250); SELECT name, value FROM meta')
  for (const part of step?.beside ?? [])
    await runSql(url, typeof part === 'string' ? part : `CREATE INDEX ${part.index} ON ${part.on}`)
  await t.rejects(opened(t, url), { message: /step 6 .+ waits for another instance that is taking it/ })
  await former.query('SET LOCAL lock_timeout = 1000')
  await former.query(step?.sql ?? '')
  await former.query(
    `INSERT INTO meta (name, value) VALUES ('schema', '6') ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  )
  await former.query('COMMIT')
  t.match((await opened(t, url)).schema, { found: 6, current: steps.length })
})

t.test(
  'a step that somebody else takes right now, or that our role may not take, fails and holds nobody up',
  async t => {
    const url = await oldDatabase(t, 5)
    const other = await connected(t, url, 'signet')
    await other.query(`BEGIN; SELECT value FROM meta WHERE name = 'schema' FOR UPDATE`)
    const stop = await oldInstance(t, url)
    await t.rejects(opened(t, url), {
      code: 'unavailable',
      message: /step 6 .+ waits for another instance that is taking it/,
    })
    await other.query('ROLLBACK')

    const role = `limited_${Date.now()}`
    await runSql(url, `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`)
    t.teardown(() => runSql(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`))
    const limited = url.replace(/\/\/.*@/, `//${role}:x@`)
    await t.rejects(opened(t, limited), /must be owner of table/)
    t.equal((await stop()).failures, 0)

    await opened(t, url)
    await t.resolves(opened(t, limited), 'what is up to date is only read')
  },
)
