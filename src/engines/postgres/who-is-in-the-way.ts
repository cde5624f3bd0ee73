/** Who keeps the schema from being changed: for the log, and so as not even to try while requests would queue up behind. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row } from '../rows.ts'
import { type Ask, statement } from './postgres-database.ts'
import { plainly, steps } from './schema.ts'

/**
 * The advisory lock under which versions before this one take a step; it is looked for and never asked for. They in turn wait
 * for whoever has had a lock on `meta` for a while, as this version has with the row: each has its own lock before it looks
 * for the other's, so of an old and a new instance at once at least one sees the other, and lets it go first.
 */
const formerLock = 7384196250

const made = steps
  .map(plainly)
  .join()
  .matchAll(/CREATE TABLE (\w+)/g)
const ours = ['meta', ...[...made].map(([, table]) => table)].map(table => `'${table}'`).join(', ')

/**
 * Whoever holds a lock on a table of ours, or takes a step. Everybody may see the locks; whose they are and since when only
 * who is of the same role (PostgreSQL manual, "pg_stat_activity"), so a transaction is known by its number. The oldest first:
 * of those who have a lock on `meta` that one has the row, and others ask for it for moments.
 */
const holders = statement(
  'holders of locks',
  `SELECT l.virtualtransaction AS transaction, l.pid,
    coalesce(nullif(a.application_name, ''), a.usename, 'a prepared transaction') AS who, a.query,
    to_char(a.xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS') AS since,
    bool_or(l.locktype = 'advisory') AS "isFormer",
    bool_or(l.locktype = 'relation' AND c.relname <> 'meta') AS "hasTable",
    bool_or(l.locktype = 'relation' AND c.relname = 'meta' AND l.mode = 'RowShareLock') AS "hasRow"
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_class c ON l.locktype = 'relation' AND c.oid = l.relation
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  WHERE l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND (l.locktype = 'advisory' AND (l.classid::bigint << 32) + l.objid::bigint = ${formerLock} AND l.objsubid = 1
      OR c.relkind = 'r' AND pg_catalog.pg_table_is_visible(c.oid) AND c.relname IN (${ours}))
  GROUP BY l.virtualtransaction, l.pid, a.application_name, a.usename, a.query, a.xact_start
  ORDER BY a.xact_start, l.virtualtransaction`,
)

const moment = 500 // milliseconds, in which a request's transaction is over

/**
 * For whoever has the row, so that nobody else takes a step but an instance of before.
 * @returns that one, or who has had a table for longer than a request does, in words; undefined when there is nobody
 */
export async function whoWouldBeInTheWay(ask: Ask): Promise<string | undefined> {
  const found = await ask(holders)
  const tables = new Set(found.filter(row => row['hasTable']).map(row => row['transaction']))
  const former = found.find(row => row['isFormer'])
  if (former || tables.size === 0) return wordsOf(former)
  await sleep(moment)
  const later = await ask(holders)
  return wordsOf(
    later.find(row => row['isFormer']) ?? later.find(row => row['hasTable'] && tables.has(row['transaction'])),
  )
}

/** For whoever could not have the row, or a table. @returns in words; undefined when there is nobody any more */
export async function whoIsInTheWay(ask: Ask): Promise<string | undefined> {
  const found = await ask(holders)
  return wordsOf(found.find(takesStep) ?? found[0])
}

function takesStep(row: Row): boolean {
  return row['isFormer'] === true || row['hasRow'] === true
}

function wordsOf(row: Row | undefined): string | undefined {
  if (!row) return undefined
  const { pid, who, since, query } = row
  if (takesStep(row)) return `another instance that is taking it (process ${pid} of the server)`
  return `process ${pid} of the server (${who}${since ? `, since ${since} UTC` : ''}): ${inOneLine(query)}`
}

/** What it does, without any value that may stand there. */
function inOneLine(query: unknown): string {
  if (typeof query !== 'string' || query === '') return 'its query is not shown to this role'
  const words = query.replace(/\$(\w*)\$.*?(?:\$\1\$|$)/gs, '?').replace(/'(?:[^']|'')*(?:'|$)/g, '?')
  return words
    .replace(/\b\d+\b/g, '?')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 120)
}
