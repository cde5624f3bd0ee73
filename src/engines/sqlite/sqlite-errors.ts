/** What an error of SQLite says about the database, and the words it is told in. */
import { SignetError } from '../../base/errors.ts'
import { asThrown } from '../../base/thrown.ts'

const busyCodes = new Set([5 /* BUSY */, 6 /* LOCKED */, 15 /* PROTOCOL: the race for the WAL was lost too often */])
const brokenCodes = new Set([
  7 /* NOMEM */, 8 /* READONLY */, 10 /* IOERR */, 11 /* CORRUPT */, 13 /* FULL */, 14 /* CANTOPEN */, 26 /* NOTADB */,
])

/**
 * `busy`: another process has the lock, and a retry makes sense. `broken`: the database cannot be read or written.
 * `mistake`: the act itself is wrong (a constraint, a bug), and its neighbours are not.
 * Extended result codes carry the primary one in their low byte (sqlite.org/rescode.html).
 */
export function kindOf(error: unknown): 'busy' | 'broken' | 'mistake' {
  const { code, errcode = 0 } = asThrown(error)
  if (code !== 'ERR_SQLITE_ERROR') return 'mistake'
  if (busyCodes.has(errcode & 0xff)) return 'busy'
  return brokenCodes.has(errcode & 0xff) ? 'broken' : 'mistake'
}

/** @param reason what is the matter, for the log and for a person at the command line */
export function unavailable(reason: string, cause?: unknown): SignetError {
  return new SignetError('unavailable', `SQLite: ${reason}`, { cause, retryAfterSeconds: 1 })
}
