/**
 * Connections to the one host that accepts writes. `pg` knows one host per connection, so each new one is made to the
 * host whose turn it is; a host that refuses, or is a standby, passes the turn on. Names are resolved anew each time.
 */
import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { PostgresServer, PostgresTls } from '../../config/database-url.ts'
import { ServerMistake } from './postgres-errors.ts'

export interface PostgresPool {
  /** A connection of one's own, for as long as it is needed. @throws whatever `pg` throws; no host could be used then */
  connect(): Promise<pg.PoolClient>
  close(): Promise<void>
}

/** A tenth of PostgreSQL's usual limit, so that several instances fit; one connection does some thousand refreshes a second. */
const connections = 10

/**
 * Nobody waits longer for a token, so nothing may take longer. A lock is waited for as long as in SQLite; a statement may
 * read a whole revocation list; the limit of ours is for servers and networks that fall silent.
 */
const lockMilliseconds = 2_000
const statementMilliseconds = 5_000
export const answerMilliseconds = 6_000

export function openPool(server: PostgresServer): PostgresPool {
  const { hosts, user, password, database, applicationName, connectSeconds } = server
  const tls = server.tls && readTls(server.tls)
  let turn = 0

  /** `new` gives what a function returns, so this is a class of clients to the pool: one for the host whose turn it is. */
  function ClientOfThisTurn(options: pg.ClientConfig): pg.Client {
    const host = turn
    // A function, so that no inspected object holds the password.
    const client = new pg.Client({ ...options, ...hosts[host], user, password: () => password, database })
    const passOn = () => {
      if (turn === host) turn = (host + 1) % hosts.length
    }
    const connect = client.connect.bind(client) as (done: (error?: Error) => void) => void
    const connectOrPassOn = (done: (error?: Error) => void) =>
      connect(error => {
        // Before the pool hears of it, so that whoever waits for a connection is not sent to the same host again.
        if (error) passOn()
        if (error) (client as unknown as { connection: pg.Connection }).connection.stream.destroy() // pg leaves it open
        done(error)
      })
    // A connection that breaks says so here as well as to its query; with nobody listening the process would end.
    client.on('error', () => {})
    return Object.assign(client, { connect: connectOrPassOn as typeof client.connect, passOn })
  }

  const pool = new pg.Pool({
    Client: ClientOfThisTurn as unknown as new () => pg.ClientBase,
    application_name: applicationName,
    ssl: tls ?? false,
    types: { getTypeParser },
    max: connections,
    connectionTimeoutMillis: connectSeconds * 1000,
    query_timeout: answerMilliseconds,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: 1_800, // so that a change of DNS or of a balancer is noticed without a failure
    keepAlive: true,
    onConnect: prepareConnection as unknown as (client: pg.ClientBase) => void,
  })
  pool.on('error', () => {}) // an idle connection broke and is gone; the next request makes a new one

  async function connect(): Promise<pg.PoolClient> {
    for (let hostsLeft = hosts.length; ; hostsLeft--) {
      const before = turn
      try {
        return await pool.connect()
      } catch (error) {
        if (hostsLeft <= 1 || turn === before) throw error
      }
    }
  }

  return { connect, close: () => (pool.ending ? Promise.resolve() : pool.end()) }
}

/**
 * One round trip per connection: is this host the one to write to, and are our limits set? They are not start-up
 * parameters, because PgBouncer refuses those.
 */
async function prepareConnection(client: pg.Client & { passOn(): void }): Promise<void> {
  const { rows } = await client.query(`
    SELECT current_setting('transaction_read_only') = 'on' AS "isReadOnly",
      current_setting('server_version_num')::integer AS version,
      set_config('statement_timeout', '${statementMilliseconds}', false),
      set_config('lock_timeout', '${lockMilliseconds}', false),
      set_config('idle_in_transaction_session_timeout', '${statementMilliseconds}', false)`)
  if (rows[0].version < 140_000) throw new ServerMistake(`PostgreSQL 14 or newer is needed, this is ${rows[0].version}`)
  if (!rows[0].isReadOnly) return
  client.passOn()
  throw new Error('the host accepts no writes: it is a standby')
}

/** Counters and moments are bigint; all of them fit a number. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  return oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')
}

function readTls({ mode, rootCertificate, certificate, key }: PostgresTls) {
  return {
    ...(rootCertificate && { ca: readPem('sslrootcert', rootCertificate) }),
    ...(certificate && key && { cert: readPem('sslcert', certificate), key: readPem('sslkey', key) }),
    // As in libpq, `require` with an authority of its own verifies by it.
    rejectUnauthorized: mode !== 'require' || rootCertificate !== undefined,
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  }
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`DATABASE_URL: ${name} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}
