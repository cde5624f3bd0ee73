/** Who keeps the schema from being changed: for the log, and so as not even to try while requests would queue up behind. */
import { setTimeout as sleep } from 'node:timers/promises'
import { lockNumber } from './lock-number.ts'
import { type Ask, statement } from './postgres-database.ts'

/**
 * Whoever holds a lock on a table of ours, or has the migration's own. Everybody may see the locks; whose they are and since
 * when only who is of the same role (PostgreSQL manual, "pg_stat_activity"), so a transaction is known by its number.
 */
const holders = statement(
  'holders of locks',
  `SELECT DISTINCT ON (l.virtualtransaction) l.virtualtransaction AS transaction, l.pid,
    coalesce(nullif(a.application_name, ''), a.usename, 'a prepared transaction') AS who, a.state, a.query,
    to_char(a.xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS') AS since,
    l.locktype = 'advisory' AS "isMigration"
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_class c ON l.locktype = 'relation' AND c.oid = l.relation
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  WHERE l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND (l.locktype = 'advisory' AND (l.classid::bigint << 32) + l.objid::bigint = ${lockNumber} AND l.objsubid = 1
      OR c.relkind = 'r' AND c.relname IN ('users', 'sessions', 'limits', 'attempts', 'signing_keys', 'meta')
        AND pg_catalog.pg_table_is_visible(c.oid))
  ORDER BY l.virtualtransaction, "isMigration" DESC`,
)

const moment = 500 // milliseconds, in which a request's transaction is over

/**
 * @param isLasting only whoever stays for longer than a request does
 * @returns whom and what, in words, or undefined when there is nobody
 */
export async function whoIsInTheWay(ask: Ask, isLasting: boolean): Promise<string | undefined> {
  let found = await ask(holders)
  if (isLasting && found.length > 0) {
    const before = new Set(found.map(row => row['transaction']))
    await sleep(moment)
    found = (await ask(holders)).filter(row => before.has(row['transaction']))
  }
  const first = found.find(row => row['isMigration'] === true) ?? found[0]
  if (!first) return undefined
  const { pid, who, since, isMigration } = first
  if (isMigration) return `another instance that is taking it (process ${pid} of the server)`
  return `process ${pid} of the server (${who}${since ? `, since ${since} UTC` : ''}): ${wordsOf(first['query'])}`
}

/** What it does, in one line and without any value that may stand there. */
function wordsOf(query: unknown): string {
  if (typeof query !== 'string' || query === '') return 'its query is not shown to this role'
  const words = query.replace(/\$(\w*)\$.*?(?:\$\1\$|$)/gs, '?').replace(/'(?:[^']|'')*(?:'|$)/g, '?')
  return words
    .replace(/\b\d+\b/g, '?')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 120)
}
