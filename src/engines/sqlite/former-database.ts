/** The database that a restore is about to replace: locked against everybody, and read as far as it can be. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { cannotOpen, makeDatabaseFile } from './database-file.ts'
import { kindOf } from './sqlite-errors.ts'

export interface FormerDatabase {
  /** Undefined when it is damaged or no database at all. */
  readonly raw: DatabaseSync | undefined
  close(): void
}

/**
 * Locks it against every other process until it is closed, and brings its WAL into the file.
 * @returns undefined when there is none
 * @throws {Error} while anybody has it open
 */
export function lockFormer(path: string): FormerDatabase | undefined {
  if (!existsSync(path)) return undefined
  makeDatabaseFile(path) // here: whether it is a file that may be read and written
  const raw = openRaw(path)
  const close = () => {
    if (raw.isOpen) raw.close()
  }
  try {
    // Leaving WAL mode takes a lock that excludes all who have the file open, however idle they are.
    const mode = raw.prepare('PRAGMA journal_mode = DELETE').get()?.['journal_mode']
    raw.exec('BEGIN EXCLUSIVE')
    if (mode !== 'delete' || raw.prepare('PRAGMA journal_mode').get()?.['journal_mode'] !== 'delete') throw inUse(path)
    return { raw, close }
  } catch (error) {
    close()
    if (kindOf(error) === 'busy') throw inUse(path, error)
    if (kindOf(error) === 'mistake') throw error
    return { raw: undefined, close }
  }
}

function openRaw(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 })
  } catch (error) {
    throw cannotOpen(path, error)
  }
}

function inUse(path: string, cause?: unknown): Error {
  return new Error(`${path} is in use: stop the service, and every other command, and restore then`, { cause })
}
