/** What a failure of PostgreSQL means for whoever asked. No message holds a value of a query, the password or the URL. */
import pg from 'pg'
import { SignetError } from '../../base/errors.ts'
import { asThrown } from '../../base/thrown.ts'

/** What waiting does not mend: an operator must. It fails the start, where it is seen. */
export class ServerMistake extends Error {}

/** A schema that is older than this version, and that cannot be changed right now. The message says who is in the way. */
export class MigrationWaits extends SignetError {
  constructor(reason: string, cause?: unknown) {
    super('unavailable', reason, { cause, retryAfterSeconds: 1 })
  }
}

/** The connection is of no use any more: lost, ended by the server, or to a host that no longer accepts writes. */
const connectionIsOver = /^(08|57P|58|53|25006|XX)/

/** The statement came to nothing and was undone: too slow, a lock not granted, a deadlock, a serialization failure. */
const statementIsOver = /^(57014|55P03|40)/

/** Of those, what may go better at once: a deadlock, and a change of what was read (not READ COMMITTED). */
const isWorthAnother = /^(40001|40P01)$/

/** Refused before anything was asked, and what to do about it. PgBouncer has one code (08P01) for all, and words. */
const refusals: [refusal: RegExp, advice: string][] = [
  [
    /^28|^08P01 .*(authentication failed|no such user)/,
    'correct the user or the password in DATABASE_URL, or the server',
  ],
  [
    /^3D|^08P01 .*(database .* does not exist|no such database)/,
    "correct DATABASE_URL, or make it: CREATE DATABASE name TEMPLATE template0 ENCODING 'UTF8'",
  ],
  [/^42501/, 'GRANT CONNECT ON DATABASE name TO user'],
]

const uniqueViolation = '23505'

/** Whether a connection may be used again after what was thrown: by the server, or by whoever judged what it answered. */
export function isUsableAfter(error: unknown): boolean {
  if (error instanceof SignetError && error.cause === undefined) return true
  const code = codeOf(error instanceof SignetError ? error.cause : error)
  return code !== undefined && !connectionIsOver.test(code)
}

/**
 * The error to throw for one of a query. The connection may have been lost before the answer came: then the statement
 * may have happened or not, so it is never repeated here. Every act is safe to be repeated by whoever asked for it.
 */
export function errorOfQuery(error: unknown): unknown {
  const code = codeOf(error)
  if (code === uniqueViolation) {
    return new SignetError('taken', 'the name, the e-mail address or the id belongs to somebody', { cause: error })
  }
  const isAway = code === undefined || connectionIsOver.test(code) || statementIsOver.test(code)
  return isAway ? unavailable(error) : error
}

/** Whether what was undone may be tried again at once. */
export function isUndone(error: unknown): boolean {
  return isWorthAnother.test(codeOf(error instanceof SignetError ? error.cause : error) ?? '')
}

/** Whether what was to be made is there: a schema, a table, or a row that stands for one. */
export function isThereAlready(error: unknown): boolean {
  return /^(42P06|42P07|23505)$/.test(codeOf(error instanceof SignetError ? error.cause : error) ?? '')
}

/** Whether a lock was not granted in time. */
export function isLocked(error: unknown): boolean {
  return codeOf(error instanceof SignetError ? error.cause : error) === '55P03'
}

/**
 * The error to throw when there is no connection.
 * @param wasLetIn whether this server has let us in before: then a refusal is an outage, which somebody is working on
 */
export function errorOfConnect(error: unknown, wasLetIn: boolean): unknown {
  if (error instanceof ServerMistake) return error
  const code = codeOf(error)
  const advice = refusals.find(([refusal]) => refusal.test(`${code} ${reasonOf(error)}`))?.[1]
  if (advice && !wasLetIn) return new ServerMistake(`PostgreSQL: ${reasonOf(error)}: ${advice}`, { cause: error })
  const isAway = code === undefined || connectionIsOver.test(code) || advice
  return isAway || statementIsOver.test(code) ? unavailable(error) : error
}

function unavailable(error: unknown): SignetError {
  return new SignetError('unavailable', `PostgreSQL: ${reasonOf(error)}`, { cause: error, retryAfterSeconds: 1 })
}

/** Several addresses of one name fail as one AggregateError, which has no message of its own. */
function reasonOf(error: unknown): string {
  const { message, code } = asThrown(error)
  return message || code || 'no connection'
}

/** SQLSTATE, when the server spoke; undefined when the connection did. */
function codeOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}
