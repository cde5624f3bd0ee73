/** Behind PgBouncer: the contract in transaction mode, nothing left in a session that others use, and small pools. */
import pg from 'pg'
import t from 'tap'
import { openPostgresStores } from '../../src/engines/postgres/postgres-stores.ts'
import { needs } from '../helpers/needs.ts'
import { pgBouncer, startPgBouncer } from '../helpers/pgbouncer.ts'
import { runSql, serverOf, startPostgres, useServer } from '../helpers/postgres.ts'
import { opened, policy, withSession } from './opened-postgres.ts'
import { postgresEngine, testContract } from './postgres.contract.ts'

if (needs(t, 'pgbouncer', pgBouncer)) {
  const server = await startPostgres(t)
  useServer(server.url())
  const transactions = await startPgBouncer(t, server, 'transaction')
  const through = (url: string) => transactions(new URL(url).pathname.slice(1))

  t.test('in transaction mode nobody finds anything of ours in a session', async t => {
    await runSql(server.url(), 'CREATE DATABASE shared TEMPLATE template0')
    // One connection to the server, so that everybody meets in it.
    const one = await startPgBouncer(t, server, 'transaction', 1)
    const stores = openPostgresStores({ ...serverOf(`${one('shared')}?schema=ours`), connections: 3 })
    t.teardown(() => stores.close())
    const other = new pg.Client({ connectionString: one('shared') })
    await other.connect()
    t.teardown(() => other.end())
    const settings = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'search_path']
    const look = async () => {
      const { rows } = await other.query(`SELECT pg_backend_pid() AS pid,
        ${settings.map(name => `current_setting('${name}') AS ${name}`).join()},
        (SELECT count(*)::int FROM pg_prepared_statements WHERE name <> '') AS prepared,
        (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory') AS locks,
        (SELECT count(*)::int FROM pg_listening_channels()) AS channels`)
      return rows[0]
    }
    const before = await look()
    t.match(before, { statement_timeout: '0', lock_timeout: '0', prepared: 0, locks: 0, channels: 0 })

    await stores.ping()
    const sid = await withSession(stores)
    await stores.sessions.rotate(sid, 0, policy)
    await stores.users.update('id-a', { role: 'admin' })
    await stores.keys.insert({ kid: 'k', alg: 'ES256', publicJwk: '{}', privateKey: 'sealed' }, 'current', 0)
    await stores.sessions.deleteEnded(0, 10)
    await stores.users
      .create({ userId: 'id-a', username: 'b', email: null, role: 'user', passwordHash: null })
      .catch(() => {})

    t.strictSame(await look(), before)
  })

  t.test('in transaction mode the limits hold all the same', async t => {
    await runSql(server.url(), 'CREATE DATABASE locked TEMPLATE template0')
    const stores = await opened(t, transactions('locked'))
    const sid = await withSession(stores)
    const holder = new pg.Client({ connectionString: server.url('locked') })
    await holder.connect()
    await holder.query('BEGIN; SELECT * FROM sessions FOR UPDATE')
    const startedAt = performance.now()
    await t.rejects(stores.sessions.rotate(sid, 0, policy), { code: 'unavailable', message: /lock timeout/ })
    t.ok(performance.now() - startedAt < 20_000)
    await holder.end()
    t.match(await stores.sessions.rotate(sid, 0, policy), { session: { generation: 1 } })
  })

  t.test('in session mode a request waits in turn for one of the few connections there are', async t => {
    await runSql(server.url(), 'CREATE DATABASE crowded TEMPLATE template0')
    const sessions = await startPgBouncer(t, server, 'session', 4)
    const open = async (connections: number) => {
      const stores = openPostgresStores({ ...serverOf(sessions('crowded')), connections })
      t.teardown(() => stores.close())
      await stores.ping()
      return stores
    }
    const fitting = [await open(2), await open(2)]
    const counts = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => (await fitting[i % 2]?.limits.increment('key', 60))?.count),
    )
    t.equal(new Set(counts).size, 300, 'two instances whose connections fit')
    for (const stores of fitting) await stores.close()

    const greedy = await open(20)
    const more = await Promise.all(Array.from({ length: 300 }, () => greedy.limits.increment('other', 60)))
    t.equal(new Set(more.map(({ count }) => count)).size, 300, 'one that may have more than it gets')
  })

  t.test('a wrong password and an unknown database are told as what they are', async t => {
    const wrong = transactions().replace(server.password, 'wrong')
    await t.rejects(opened(t, wrong), /DATABASE_URL/)
    await t.rejects(opened(t, transactions('nowhere')), /DATABASE_URL/)
  })

  testContract(t, postgresEngine('PgBouncer, transaction mode', through))
}
