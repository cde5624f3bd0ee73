/** What an operator got wrong is said at the start, in one line, and what a URL may say is done. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown } from 'node:fs/promises'
import t from 'tap'
import { openPool } from '../../src/engines/postgres/postgres-pool.ts'
import { openPostgresStores } from '../../src/engines/postgres/postgres-stores.ts'
import { nobody } from '../helpers/cluster.ts'
import { root } from '../helpers/places.ts'
import { runSql, serverOf, startPostgres } from '../helpers/postgres.ts'
import { environment, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'
import { demo, opened } from './opened-postgres.ts'

const folder = await temporaryFolder(t)
if (nobody.uid !== undefined) await chown(folder, nobody.uid, nobody.gid)
const server = await startPostgres(t, { settings: [`unix_socket_directories=${folder}`] })

/** @returns the exit code and everything it wrote */
async function start(entry: string[], DATABASE_URL: string) {
  const env = environment({ DATABASE_URL, JWT_SECRET_KEY: newSecret(), PORT: '0' })
  const child = spawn(process.execPath, entry, { cwd: root, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const [code] = await once(child, 'close')
  return { code, output }
}

t.test('a wrong password ends the start with one line that says what to do, and so does a command', async t => {
  const wrong = server.url().replace(server.password, 'hunter2')
  const line =
    /^signet: PostgreSQL: password authentication failed for user "signet": correct the user or the password in DATABASE_URL.*\n$/
  for (const entry of [['src/server.ts'], ['src/cli.ts', 'users', 'list']]) {
    const { code, output } = await start(entry, wrong)
    t.equal(code, 1)
    t.match(output, line)
  }
})

t.test('what waiting does not mend is no outage', async t => {
  await runSql(
    server.url(),
    `CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0`,
  )
  await runSql(server.url(), 'CREATE DATABASE closed TEMPLATE template0')
  await runSql(server.url(), `REVOKE CONNECT ON DATABASE closed FROM PUBLIC; CREATE ROLE guest LOGIN PASSWORD 'guest'`)
  await runSql(server.url(), 'CREATE DATABASE old TEMPLATE template0')
  await runSql(
    server.url('old'), // which says that it is one
    `CREATE SCHEMA old; CREATE FUNCTION old.current_setting(name text) RETURNS text LANGUAGE sql AS $$
      SELECT CASE WHEN name = 'server_version_num' THEN '130021' ELSE pg_catalog.current_setting(name) END $$;
    ALTER DATABASE old SET search_path = old, pg_catalog`,
  )
  const guest = server.url('closed').replace(`signet:${server.password}`, 'guest:guest')
  for (const [url, message] of [
    [server.url('nowhere'), /database "nowhere" does not exist: correct DATABASE_URL, or make it: CREATE DATABASE/],
    [guest, /permission denied for database "closed".+GRANT CONNECT/],
    [server.url('old'), /PostgreSQL 14 or newer is needed, this is 130021/],
    [server.url('latin'), /encoding of the database is LATIN1.+ENCODING 'UTF8'/],
  ] as const) {
    const failure = await opened(t, url).catch(error => error)
    t.match(failure.message, message)
    t.not(failure.code, 'unavailable')
  }
})

t.test('a password that was changed while we serve is an outage', async t => {
  await runSql(server.url(), `CREATE ROLE changing SUPERUSER LOGIN PASSWORD 'one'`)
  await runSql(server.url(), 'CREATE DATABASE changing TEMPLATE template0')
  const stores = await opened(t, server.url('changing').replace(`signet:${server.password}`, 'changing:one'))
  await runSql(server.url(), `ALTER ROLE changing PASSWORD 'two'`)
  await runSql(server.url(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'changing'`)
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => stores.ping()))
  for (const outcome of outcomes) t.match(outcome, { status: 'rejected', reason: { code: 'unavailable' } })
  await t.rejects(stores.ping(), { code: 'unavailable', message: /password authentication failed/ })
  await runSql(server.url(), `ALTER ROLE changing PASSWORD 'one'`)
  await stores.ping()
})

t.test('a socket with the port in front or as a parameter, options, and a schema of our own', async t => {
  await runSql(server.url(), 'CREATE DATABASE socket TEMPLATE template0')
  const login = `signet:${server.password}@`
  const path = encodeURIComponent(folder)
  const first = await opened(t, `postgres://${login}localhost:${server.port}/socket?host=${path}`)
  await first.users.create(demo)
  const options = '-c%20application_name%3Dours%20-c%20geqo%3Doff'
  const second = await opened(
    t,
    `postgres://${login}/socket?host=${path}&port=${server.port}&schema=my%20"schema"&options=${options}`,
  )
  t.equal(await second.users.isEmpty(), true, 'tables of its own')
  await second.users.create(demo)
  t.strictSame(
    await runSql(server.url('socket'), `SELECT schemaname FROM pg_tables WHERE tablename = 'users' ORDER BY 1`),
    [{ schemaname: 'my "schema"' }, { schemaname: 'public' }],
  )
})

t.test('with two connections a hundred requests wait in turn, and with none free they get 503', async t => {
  await runSql(server.url(), 'CREATE DATABASE pool TEMPLATE template0')
  const url = server.url('pool')
  const openedWith = (connectSeconds: number) => {
    const stores = openPostgresStores({ ...serverOf(url), connections: 2, connectSeconds })
    t.teardown(() => stores.close())
    return stores
  }
  const patient = openedWith(60) // a busy machine may take long for a hundred
  await patient.ping()
  const ask = () =>
    Promise.all(Array.from({ length: 100 }, (_, i) => patient.users.findById('x').then(() => order.push(i))))
  const order: number[] = []
  await ask() // a new connection is slow at first
  order.length = 0
  await ask()
  // In turn on each connection, however long one of the two keeps somebody waiting: so they are two rising lines.
  const lines: number[] = []
  for (const one of order) {
    const line = lines.findIndex(last => last < one)
    lines[line < 0 ? lines.length : line] = one
  }
  t.ok(order.length === 100 && lines.length <= 2, `nobody overtakes: ${order}`)
  const [{ count } = { count: 0 }] = await runSql(
    url,
    `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'signet' AND datname = 'pool'`,
  )
  t.equal(count, 2)

  const stores = openedWith(1)
  await stores.ping()
  await Promise.all([stores.limits.increment('a', 60), stores.limits.increment('b', 60)])
  await runSql(
    url,
    'CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$',
  )
  await runSql(url, 'CREATE TRIGGER slow BEFORE INSERT ON limits FOR EACH ROW EXECUTE FUNCTION slow()')
  const busy = [stores.limits.increment('a', 60), stores.limits.increment('b', 60)]
  await t.rejects(stores.users.findById('x'), { code: 'unavailable', message: /DATABASE_POOL/ })
  await Promise.all(busy)
  t.equal(await stores.users.findById('x'), undefined)
})

t.test('nobody is thrown out of the line by the wait of one who has long been given a connection', async t => {
  const connectSeconds = 0.1
  const pool = openPool({ ...serverOf(server.url()), connections: 1, connectSeconds })
  t.teardown(() => pool.close())
  const connectAndGive = async () => pool.release(await pool.connect(), true)
  const isConnected = async () => {
    try {
      await connectAndGive()
      return true
    } catch {
      return false // a busy machine takes longer
    }
  }
  await waitUntil(isConnected)
  const first = await pool.connect()
  // Timers of one length fire in the order in which they began: after the first one's, and before the next one's.
  setTimeout(() => pool.release(first, true), connectSeconds * 1000 + 100)
  await t.resolves(connectAndGive())
})

t.test('DATABASE_POOL is how many connections there are at most, however many ask at once', async t => {
  await runSql(server.url(), 'CREATE DATABASE pooled TEMPLATE template0')
  const stores = openPostgresStores({ ...serverOf(server.url('pooled')), connections: 2 })
  t.teardown(() => stores.close())
  await stores.ping()
  await runSql(
    server.url('pooled'),
    `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON limits FOR EACH ROW EXECUTE FUNCTION slow()`,
  )
  await Promise.all(Array.from({ length: 6 }, (_, i) => stores.limits.increment(`${i}`, 60))) // none is done before others ask
  const [{ count } = { count: 0 }] = await runSql(
    server.url(),
    `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE datname = 'pooled'`,
  )
  t.equal(count, 2)
})

t.test('where the server gives fewer connections than DATABASE_POOL, requests wait for those there are', async t => {
  await runSql(server.url(), `CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 2`)
  await runSql(server.url(), 'CREATE DATABASE few OWNER few TEMPLATE template0')
  const stores = await opened(t, server.url('few').replace(`signet:${server.password}`, 'few:few'))
  const found = await Promise.all(Array.from({ length: 20 }, () => stores.users.findById('nobody')))
  t.strictSame(found, Array(20).fill(undefined))

  await runSql(server.url(), 'ALTER ROLE few CONNECTION LIMIT 4')
  const areFour = async () => {
    await Promise.all(Array.from({ length: 20 }, () => stores.users.findById('nobody')))
    const sql = `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE datname = 'few'`
    return (await runSql(server.url(), sql))[0]?.['count'] === 4
  }
  await waitUntil(areFour, 10) // asked for again after a second
})
