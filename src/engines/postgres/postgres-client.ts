/**
 * A connection to the one host that accepts writes. `pg` knows one host per connection, so each new one is made to the
 * host whose turn it is; a host that refuses, or is a standby, passes the turn on. Names are resolved anew each time.
 */
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { asThrown } from '../../base/thrown.ts'
import type { PostgresServer, PostgresTls } from '../../config/database-url.ts'
import { settingsOf } from './limits.ts'
import { ServerMistake } from './postgres-errors.ts'

/**
 * @returns the class of clients for a pool, what it does with each that has connected, and a way to try every host in its
 *   turn until one works
 */
export function clientsOf(server: PostgresServer) {
  const { hosts, user, password, database, channelBinding } = server
  const ssl = server.tls ? readTls(server.tls) : false
  const enableChannelBinding = channelBinding !== 'disable'
  let turn = 0

  /** `new` gives what a function returns, so this is a class of clients to the pool: one for the host whose turn it is. */
  function ClientOfThisTurn(options: pg.ClientConfig): pg.Client {
    const host = turn
    let offered: readonly string[] = []
    // A function, so that no inspected object holds the password. It is asked before any proof of the password is sent.
    const tellPassword = () => {
      if (channelBinding === 'require') requireBinding(offered)
      return password
    }
    const given = { ...options, ...hosts[host], ssl, user, password: tellPassword, database, enableChannelBinding }
    const client = new pg.Client(given)
    const { connection } = client as unknown as { connection: pg.Connection }
    connection.prependListener('authenticationSASL', ({ mechanisms }) => (offered = mechanisms))
    const passOn = () => {
      if (turn === host) turn = (host + 1) % hosts.length
    }
    const connect = client.connect.bind(client) as (done: (error?: Error) => void) => void
    const connectOrPassOn = (done: (error?: Error) => void) =>
      connect(error => {
        // Before the pool hears of it, so that whoever waits for a connection is not sent to the same host again.
        if (error) passOn()
        if (error) connection.stream.destroy() // pg leaves it open
        done(error)
      })
    // A connection that breaks says so here as well as to its query; with nobody listening the process would end.
    client.on('error', () => {})
    const requireOffer = () => channelBinding === 'require' && requireBinding(offered) // a server may ask for no password
    return Object.assign(client, { connect: connectOrPassOn as typeof client.connect, passOn, requireOffer })
  }

  async function inTurn<T>(connect: () => Promise<T>): Promise<T> {
    for (let hostsLeft = hosts.length; ; hostsLeft--) {
      const before = turn
      try {
        return await connect()
      } catch (error) {
        if (hostsLeft <= 1 || turn === before) throw error
      }
    }
  }

  return {
    Client: ClientOfThisTurn as unknown as new () => pg.ClientBase,
    onConnect: (client: pg.ClientBase) => prepare(client as NewClient, server),
    inTurn,
  }
}

interface NewClient extends pg.Client {
  readonly processID: number
  passOn(): void
  requireOffer(): void
}

const direct = new WeakSet<pg.ClientBase>()

/** Whether the session is ours as long as the connection lasts: a pooler has other numbers for its clients than the server. */
export function isDirect(client: pg.ClientBase): boolean {
  return direct.has(client)
}

/** One round trip per connection: is this the host and the database to write to? A session that is ours gets our settings. */
async function prepare(client: NewClient, server: PostgresServer): Promise<void> {
  client.requireOffer()
  const isOurs = `pg_backend_pid() = ${client.processID}`
  const { rows } = await client.query(`
    SELECT current_setting('transaction_read_only') = 'on' AS "isReadOnly",
      current_setting('server_version_num')::integer AS version,
      current_setting('server_encoding') AS encoding,
      ${isOurs} AS "isDirect", CASE WHEN ${isOurs} THEN ${settingsOf(server, 'session')} END`)
  const { isReadOnly, version, encoding } = rows[0]
  if (version < 140_000) throw new ServerMistake(`PostgreSQL 14 or newer is needed, this is ${version}`)
  if (encoding !== 'UTF8') {
    throw new ServerMistake(
      `the encoding of the database is ${encoding}, which cannot hold every name: make one with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'`,
    )
  }
  if (rows[0].isDirect) direct.add(client)
  if (!isReadOnly) return
  client.passOn()
  throw new Error('the host accepts no writes: it is a standby')
}

/** RFC 5802 section 6: whoever is in between has another certificate, and so no use for the proof. */
function requireBinding(offered: readonly string[]): void {
  if (offered.includes('SCRAM-SHA-256-PLUS')) return
  throw new ServerMistake('the server offers no channel binding, and DATABASE_URL says channel_binding=require')
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
    throw new Error(`DATABASE_URL: ${name} cannot be read (${asThrown(error).code})`)
  }
}
