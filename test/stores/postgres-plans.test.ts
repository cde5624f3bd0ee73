/**
 * What an act costs does not grow with the database. PostgreSQL plans a prepared statement five times for its values and then
 * once for all: that plan is read here, before anybody has counted the rows of the tables and after.
 */
import pg from 'pg'
import t from 'tap'
import { migratedDatabase } from '../helpers/postgres.ts'
import { everyStatement } from './all-statements.ts'

/** One user has one of each. */
const fill = (from: number, to: number) => {
  const each = `FROM generate_series(${from}, ${to}) AS n`
  return `
    INSERT INTO users (user_id, username, email, role, created_at)
      SELECT 'user-' || n, 'user-' || n, n || '@example.com', 'user', 1 ${each};
    INSERT INTO sessions (sid, user_id, created_at, expires_at, due_at, max_expires_at)
      SELECT md5(n::text), 'user-' || n, 1, 4000000000, 4000000000, 4000000000 ${each};
    INSERT INTO attempts (key, failures, blocked_until, expires_at, user_id)
      SELECT md5(n::text), 1, 1, 4000000000, 'user-' || n ${each};
    INSERT INTO limits (key, count, ends_at) SELECT md5(n::text), 1, 4000000000 ${each};
    INSERT INTO challenges (challenge_id, kind, user_id, tries, expires_at)
      SELECT md5(n::text), 'login', 'user-' || n, 0, 4000000000 ${each};
    INSERT INTO factors (factor_id, user_id, kind, created_at, data)
      SELECT md5(n::text), 'user-' || n, 'totp', 1, '' ${each};
    INSERT INTO recovery_codes (code, user_id) SELECT md5(n::text), 'user-' || n ${each};
    INSERT INTO mails (id, purpose, user_id, address, language, created_at, expires_at)
      SELECT md5(n::text), 'reset', 'user-' || n, n || '@example.com', 'en', 1, 4000000000 ${each}`
}

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Plan[]
}

/** Those that read a whole table, or all of an index. */
function wholeReads(plan: Plan): string[] {
  const { 'Node Type': type, 'Relation Name': table, 'Index Name': index, 'Index Cond': condition, Plans = [] } = plan
  const isWhole = type === 'Seq Scan' || (index !== undefined && condition === undefined)
  return [...(isWhole ? [(index ?? table) as string] : []), ...Plans.flatMap(wholeReads)]
}

const small = ['meta', 'signing_keys', 'pg_database', 'pg_namespace', 'users_admins']
/** What waits to be sent is read in the order it is due until enough was found. */
const waiting = ['mails_due']
/** One row, or all of them by request. */
const allowed = new Set(['any user', 'any user or session', 'replace data key'])
const isOfCopy = /^(copy: count|empty) /
/** Pages of what an administrator lists: these are found by sorting what is live, or unsent, where that seems to be little. */
const lists = new Set(['list all sessions', 'unsent mails'])

const isPlanned = (text: string) => /^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b/.test(text)
const growing = everyStatement.filter(
  ({ name, text }) => isPlanned(text) && !allowed.has(name) && !isOfCopy.test(name) && !lists.has(name),
)

t.test('no statement reads a whole table, or all of an index, as it is planned for good', async t => {
  const client = new pg.Client(await migratedDatabase(t))
  await client.connect()
  t.teardown(() => client.end())
  t.ok(growing.length > 100)

  /** @param isShort a table of so few pages is read faster than an index */
  async function lookAtAll(when: string, isShort: boolean) {
    const { rows } = await client.query("SELECT relname FROM pg_class WHERE relkind = 'r'")
    const fine = new Set([...small, ...waiting, ...(isShort ? rows.map(row => row.relname) : [])])
    for (const { name, text } of growing) {
      const { rows } = await client.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`)
      const found = wholeReads(rows[0]['QUERY PLAN'][0].Plan).filter(one => !fine.has(one))
      t.strictSame(found, [], `${name}, ${when}`)
    }
  }

  await client.query(fill(1, 1500))
  await lookAtAll('with few rows, which nobody has counted', true)
  await client.query(fill(1501, 20_000))
  await lookAtAll('with many rows, which nobody has counted', false)
  await client.query('ANALYZE')
  await lookAtAll('with many rows that were counted', false)
})
