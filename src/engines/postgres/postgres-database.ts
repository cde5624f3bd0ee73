/**
 * Statements on a pool: named parameters, prepared once where the session is ours, right at every isolation level, and one
 * way for every failure to be told.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient, QueryConfig } from 'pg'
import { SignetError } from '../../base/errors.ts'
import type { PostgresServer } from '../../config/database-url.ts'
import type { Row } from '../rows.ts'
import { answerMilliseconds, queryWithSettings, settingsOf } from './limits.ts'
import { isDirect } from './postgres-client.ts'
import { errorOfConnect, errorOfQuery, isUndone, isUsableAfter } from './postgres-errors.ts'
import { openPool } from './postgres-pool.ts'

/** SQL with parameters like `$sid`. The name is what a connection remembers the prepared plan by. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly parameters: readonly string[]
}

export type Value = string | number | boolean | null | Buffer | readonly (string | number | boolean | null)[]
export type Values = Readonly<Record<string, Value>>
export type Ask = (statement: Statement, values?: Values) => Promise<Row[]>

/** SQL as it is, without parameters. */
export type Run = (sql: string) => Promise<unknown>

export interface PostgresDatabase {
  /**
   * One statement, tried again a few times when the server undid it for another's sake.
   * @throws {SignetError} `unavailable` when there is no answer; `taken` when a unique index says so
   */
  readonly ask: Ask
  /**
   * The same for several statements, all or nothing; `act` may be called several times.
   * @param level for what waits for others and must then see what they have done; else that of the database
   */
  transaction<T>(act: (ask: Ask) => Promise<T>, level?: 'READ COMMITTED'): Promise<T>
  /** For migrations and copies: a transaction that may take longer than anything else. */
  exclusively<T>(
    act: (ask: Ask, run: Run) => Promise<T>,
    mode?: 'READ COMMITTED' | 'REPEATABLE READ, READ ONLY',
  ): Promise<T>
  /** For what can be in no transaction, and takes as long as it takes; on a connection of its own. */
  alone<T>(act: (ask: Ask, run: Run) => Promise<T>): Promise<T>
  /** Lets statements through: the schema is known to be ours. */
  open(): void
  close(): Promise<void>
}

/**
 * `$now` is the database's clock: one for all instances, read once per statement (clock_timestamp() would move on while
 * the statement runs, now() stands still since its transaction began). Tests hand in the moment instead.
 */
const now = 'coalesce($at::bigint, floor(extract(epoch FROM statement_timestamp()))::bigint)'

/** Each that there is, for tests that read them. */
export const everyStatement: Statement[] = []

/** Also notes it in `everyStatement`. */
export function statement(name: string, sql: string): Statement {
  const parameters: string[] = []
  const text = sql.replaceAll(/\$now\b/g, now).replaceAll(/\$([a-zA-Z]+)/g, (_, parameter: string) => {
    if (!parameters.includes(parameter)) parameters.push(parameter)
    return `$${parameters.indexOf(parameter) + 1}`
  })
  everyStatement.push({ name, text, parameters })
  return { name, text, parameters }
}

/**
 * A key that is among the few that a SELECT finds, which are then looked up one by one. Of `IN (SELECT … LIMIT $limit)` the
 * planner takes them for many, as it does not know the limit, and reads the whole table for them.
 */
export const among = (select: string): string => `= ANY (ARRAY (${select}))`

const migrationMilliseconds = 60_000
const noLimit = 2 ** 31 - 1
const tries = 8

/** @param clock for tests; PostgreSQL's own when not given */
export function openPostgresDatabase(server: PostgresServer, clock?: () => number): PostgresDatabase {
  const pool = openPool(server)
  const settings = settingsOf(server, 'transaction')
  let isOpen = false
  let wasLetIn = false

  /** @param isWithin a transaction, which has the settings already */
  function asker(client: PoolClient, isWithin: boolean, query_timeout = answerMilliseconds): Ask {
    return async ({ name, text, parameters }, values = {}) => {
      const given: Values = { at: clock?.() ?? null, ...values }
      const query = { text, values: parameters.map(parameter => storable(given[parameter])), query_timeout }
      if (isDirect(client)) return (await answerOf(client.query({ name, ...query }))).rows
      return (await answerOf(isWithin ? client.query(query) : queryWithSettings(client, settings, query))).rows
    }
  }

  const runner = (client: PoolClient, query_timeout: number): Run => {
    return text => answerOf(client.query({ text, query_timeout } as QueryConfig))
  }

  async function withClient<T>(act: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch(error => {
      throw errorOfConnect(error, wasLetIn)
    })
    wasLetIn = true
    let isUsable = true
    try {
      return await act(client)
    } catch (error) {
      isUsable = isUsableAfter(error)
      throw error
    } finally {
      pool.release(client, isUsable)
    }
  }

  function inTransaction<T>(begin: string, act: (client: PoolClient) => Promise<T>): Promise<T> {
    return withClient(async client => {
      await answerOf(client.query(`${begin}; SELECT ${settings}`))
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
    if (!isOpen) throw new SignetError('unavailable', 'PostgreSQL has not been reached yet', { retryAfterSeconds: 1 })
    for (let triesLeft = tries; ; triesLeft--) {
      try {
        return await act()
      } catch (error) {
        if (triesLeft <= 1 || !isUndone(error)) throw error
        await sleep(Math.random() * 20 * (1 + tries - triesLeft)) // so that those who met do not meet again
      }
    }
  }

  return {
    ask: (statement, values) => whenOpen(() => withClient(client => asker(client, false)(statement, values))),

    transaction: (act, level) => {
      const begin = level ? `BEGIN ISOLATION LEVEL ${level}` : 'BEGIN'
      return whenOpen(() => inTransaction(begin, client => act(asker(client, true))))
    },

    exclusively: (act, mode = 'READ COMMITTED') =>
      inTransaction(`BEGIN ISOLATION LEVEL ${mode}`, async client => {
        const limit = (name: string) => `SET LOCAL ${name} = ${migrationMilliseconds};`
        const run = runner(client, migrationMilliseconds)
        await run(['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'].map(limit).join(''))
        return act(asker(client, true, migrationMilliseconds), run)
      }),

    alone: act =>
      withClient(async client => {
        const run = runner(client, noLimit)
        if (!isDirect(client)) return act(asker(client, false), run) // the limits of a pooler's session are not ours to set
        await run('SET statement_timeout = 0; SET lock_timeout = 0')
        return act(asker(client, false), run).finally(() => run(`SELECT ${settingsOf(server, 'session')}`))
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
  if (Array.isArray(value)) return value.map(storable) as Value
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value
}
