/**
 * What is set for every statement: how long it may take, and in which schema it looks. Nothing of it is set for a session
 * that may be somebody else's a moment later, as behind a pooler (PgBouncer) that lends its connections to the server for
 * one transaction each.
 */
import pg from 'pg'
import type { PostgresServer } from '../../config/database-url.ts'

/**
 * Nobody waits longer for a token, so nothing may take longer. A lock is waited for as long as in SQLite; a statement may
 * read a whole revocation list; the limit of ours is for servers and networks that fall silent.
 */
const lockMilliseconds = 2_000
const statementMilliseconds = 5_000
export const answerMilliseconds = 6_000

/** An SQL expression that sets all of it: for the session, or until the transaction ends. */
export function settingsOf({ schema }: Pick<PostgresServer, 'schema'>, until: 'session' | 'transaction'): string {
  const settings = {
    statement_timeout: `${statementMilliseconds}`,
    lock_timeout: `${lockMilliseconds}`,
    idle_in_transaction_session_timeout: `${statementMilliseconds}`,
    ...(schema !== undefined && { search_path: pg.escapeIdentifier(schema) }),
  }
  const isLocal = until === 'transaction'
  const one = ([name, value]: [string, string]) => `set_config('${name}', ${pg.escapeLiteral(value)}, ${isLocal})`
  return `concat(${Object.entries(settings).map(one).join()})`
}

/**
 * A statement with its settings in one round trip: both are sent before the Sync that ends their transaction, and the
 * settings with it (PostgreSQL manual, "Message Flow: Extended Query"). It is not prepared by name, because a name belongs
 * to a session too.
 * @param settings an expression of `settingsOf`
 */
export function queryWithSettings(
  client: pg.ClientBase,
  settings: string,
  config: pg.QueryConfig & { query_timeout: number },
): Promise<pg.QueryResult> {
  const { name: _, ...unnamed } = config
  const query = new pg.Query({ ...unnamed, queryMode: 'extended' } as pg.QueryConfig)
  const submit = query.submit.bind(query)
  query.submit = connection => {
    connection.stream.cork()
    // True for no row, as nobody described the columns of one.
    connection.parse({ name: '', text: `SELECT WHERE ${settings} IS NULL`, types: [] }, true)
    connection.bind({}, true)
    connection.execute({}, true)
    const mistake = submit(connection)
    connection.stream.uncork()
    return mistake
  }
  return new Promise((resolve, reject) => {
    // The results of both; the latter is the statement's.
    const callback = (error: Error | undefined, results: pg.QueryResult[]) =>
      error ? reject(error) : resolve(results.at(-1) as pg.QueryResult)
    client.query(Object.assign(query, { callback, query_timeout: config.query_timeout }))
  })
}
