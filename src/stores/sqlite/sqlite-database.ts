/**
 * One SQLite file, opened safely: WAL, every commit on disk before it is answered, mode 0600. `node:sqlite` is
 * synchronous, so waiting for another process's write happens here, between attempts, and not inside SQLite.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { SignetError } from '../../errors.ts'
import { createGroupCommit } from './group-commit.ts'

export interface SqliteDatabase {
  readonly raw: DatabaseSync
  /**
   * Runs synchronous statements, again while another process holds the write lock, for up to two seconds.
   * @throws {SignetError} `unavailable` when the database stays locked or cannot be read or written
   */
  run<T>(act: () => T): Promise<T>
  /** The same, all or nothing. */
  transaction<T>(act: () => T): Promise<T>
  /** One statement that writes; the commit is shared with others of the same turn. Resolves when it is on disk. */
  write<T>(act: () => T): Promise<T>
}

const patienceMilliseconds = 2000

/** @param path a file (made when missing, with its folder) or `:memory:` */
export function openSqliteDatabase(path: string): SqliteDatabase {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true })
    closeSync(openSync(path, 'a', 0o600)) // SQLite gives the -wal and -shm files the mode of this one
  }
  const raw = new DatabaseSync(path, { timeout: 50 })

  async function run<T>(act: () => T): Promise<T> {
    const giveUpAt = performance.now() + patienceMilliseconds
    for (;;) {
      try {
        return act()
      } catch (error) {
        const kind = raw.isOpen ? kindOf(error) : 'broken'
        if (kind === 'mistake') throw error
        if (kind === 'broken' || performance.now() >= giveUpAt) {
          throw new SignetError('unavailable', `SQLite: ${(error as Error).message}`, {
            cause: error,
            retryAfterSeconds: 1,
          })
        }
        await sleep(5 + Math.random() * 20)
      }
    }
  }

  function transaction<T>(act: () => T): Promise<T> {
    return run(() => {
      raw.exec('BEGIN IMMEDIATE')
      try {
        const result = act()
        raw.exec('COMMIT')
        return result
      } catch (error) {
        if (raw.isTransaction) raw.exec('ROLLBACK')
        throw error
      }
    })
  }

  const write = createGroupCommit(transaction, error => raw.isOpen && kindOf(error) === 'mistake')

  return { raw, run, transaction, write }
}

const busyCodes = new Set([5 /* BUSY */, 6 /* LOCKED */])
const brokenCodes = new Set([
  7 /* NOMEM */, 8 /* READONLY */, 10 /* IOERR */, 11 /* CORRUPT */, 13 /* FULL */, 14 /* CANTOPEN */, 26 /* NOTADB */,
])

/** Extended result codes carry the primary one in their low byte (sqlite.org/rescode.html). */
function kindOf(error: unknown): 'busy' | 'broken' | 'mistake' {
  const { code, errcode = 0 } = error as { code?: string; errcode?: number }
  if (code !== 'ERR_SQLITE_ERROR') return 'mistake'
  if (busyCodes.has(errcode & 0xff)) return 'busy'
  return brokenCodes.has(errcode & 0xff) ? 'broken' : 'mistake'
}
