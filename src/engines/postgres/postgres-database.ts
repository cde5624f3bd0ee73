/** Statements on a pool: named parameters, prepared once per connection, and one way for every failure to be told. */
import type { PoolClient, QueryConfig } from 'pg'
import { SignetError } from '../../base/errors.ts'
import type { PostgresServer } from '../../config/database-url.ts'
import type { Row } from '../rows.ts'
import { errorOfConnect, errorOfQuery, isUsableAfter } from './postgres-errors.ts'
import { answerMilliseconds, openPool } from './postgres-pool.ts'

/** SQL with parameters like `$sid`. The name is what a connection remembers the prepared plan by. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly parameters: readonly string[]
}

export type Value = string | number | boolean | null | Buffer | readonly (string | number | boolean | null)[]
export type Values = Readonly<Record<string, Value>>
export type Ask = (statement: Statement, values?: Values) => Promise<Row[]>

export interface PostgresDatabase {
  /** @throws {SignetError} `unavailable` when there is no answer; `taken` when a unique index says so */
  readonly ask: Ask
  /** The same for several statements, all or nothing. READ COMMITTED: each sees what was committed before it. */
  transaction<T>(act: (ask: Ask) => Promise<T>): Promise<T>
  /** For migrations, which may take longer than anything else; SQL as it is, without parameters. */
  exclusively<T>(act: (ask: Ask, run: (sql: string) => Promise<unknown>) => Promise<T>): Promise<T>
  /** Lets statements through: the schema is known to be ours. */
  open(): void
  close(): Promise<void>
}

/**
 * `$now` is the database's clock: one for all instances, read once per statement (clock_timestamp() would move on while
 * the statement runs, now() stands still since its transaction began). Tests hand in the moment instead.
 */
const now = 'coalesce($at::bigint, floor(extract(epoch FROM statement_timestamp()))::bigint)'

export function statement(name: string, sql: string): Statement {
  const parameters: string[] = []
  const text = sql.replaceAll(/\$now\b/g, now).replaceAll(/\$([a-zA-Z]+)/g, (_, parameter: string) => {
    if (!parameters.includes(parameter)) parameters.push(parameter)
    return `$${parameters.indexOf(parameter) + 1}`
  })
  return { name, text, parameters }
}

const migrationMilliseconds = 60_000

/** @param clock for tests; PostgreSQL's own when not given */
export function openPostgresDatabase(server: PostgresServer, clock?: () => number): PostgresDatabase {
  const pool = openPool(server)
  let isOpen = false

  function asker(client: PoolClient, query_timeout = answerMilliseconds): Ask {
    return async ({ name, text, parameters }, values = {}) => {
      const given: Values = { at: clock?.() ?? null, ...values }
      const query = { name, text, values: parameters.map(parameter => storable(given[parameter])), query_timeout }
      return (await answerOf(client.query(query))).rows
    }
  }

  async function withClient<T>(act: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch(error => {
      throw errorOfConnect(error)
    })
    let isUsable = true
    try {
      return await act(client)
    } catch (error) {
      isUsable = isUsableAfter(error)
      throw error
    } finally {
      client.release(!isUsable)
    }
  }

  function inTransaction<T>(act: (client: PoolClient) => Promise<T>): Promise<T> {
    return withClient(async client => {
      await answerOf(client.query('BEGIN'))
      try {
        const result = await act(client)
        await answerOf(client.query('COMMIT'))
        return result
      } catch (error) {
        // Closing a connection undoes its transaction as well.
        if (isUsableAfter(error)) await answerOf(client.query('ROLLBACK'))
        throw error
      }
    })
  }

  async function whenOpen<T>(act: () => Promise<T>): Promise<T> {
    if (isOpen) return act()
    throw new SignetError('unavailable', 'PostgreSQL has not been reached yet', { retryAfterSeconds: 1 })
  }

  return {
    ask: (statement, values) => whenOpen(() => withClient(client => asker(client)(statement, values))),

    transaction: act => whenOpen(() => inTransaction(client => act(asker(client)))),

    exclusively: act =>
      inTransaction(async client => {
        const limit = (name: string) => `SET LOCAL ${name} = ${migrationMilliseconds};`
        const run = (text: string) =>
          answerOf(client.query({ text, query_timeout: migrationMilliseconds } as QueryConfig))
        await run(['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'].map(limit).join(''))
        return act(asker(client, migrationMilliseconds), run)
      }),

    open() {
      isOpen = true
    },
    close: () => pool.close(),
  }
}

async function answerOf<T>(query: Promise<T>): Promise<T> {
  try {
    return await query
  } catch (error) {
    throw errorOfQuery(error)
  }
}

/**
 * A text of PostgreSQL cannot hold U+0000, and a URL can. Asking for such a name must find nothing, not fail, and none of
 * our names and ids holds the character that takes its place.
 */
function storable(value: Value | undefined): Value | undefined {
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value
}
