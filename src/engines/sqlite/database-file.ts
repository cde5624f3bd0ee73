/**
 * The file of a database: made for its owner only, and watched. SQLite never notices that the file it has open was
 * removed or replaced; it writes on, into what is gone with the process.
 */
import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { SignetError } from '../../base/errors.ts'
import { asThrown } from '../../base/thrown.ts'
import { unavailable } from './sqlite-errors.ts'

/**
 * Makes the file, and its folder, unless they exist.
 * @throws {SignetError} `unavailable`, in one line, for whatever path cannot be a database
 */
export function makeDatabaseFile(path: string): void {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found && !found.isFile()) throw new Error(found.isDirectory() ? 'it is a folder' : 'it is not a regular file')
    // A file that exists is not opened: closing it would drop the locks that this process may have on it (fcntl(2)).
    if (found) accessSync(path, constants.R_OK | constants.W_OK)
    else makeFile(path)
  } catch (error) {
    throw cannotOpen(path, error)
  }
}

export function cannotOpen(path: string, error: unknown): SignetError {
  const reason = `the database ${path} cannot be opened: ${asThrown(error).message}`
  return unavailable(reason.replace(/\p{C}/gu, '\u{fffd}'), error) // it may be shown on a terminal
}

function makeFile(path: string): void {
  makeFolder(dirname(resolve(path)))
  closeSync(openSync(path, 'a', 0o600)) // SQLite gives the -wal and -shm files the mode of this one
}

/** Step by step: Node's own recursive way never ends where a parent says that it does not exist, as in /proc. */
export function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (asThrown(error).code !== 'EEXIST' || !statSync(folder).isDirectory()) throw error
  }
}

/**
 * Remembers which files a path and its companions are when they are first seen.
 * @returns throws {SignetError} `unavailable` once one of them was removed or replaced. They are looked at, not opened.
 */
export function watchDatabaseFile(path: string): () => void {
  const seen = new Map<string, string>()
  return () => {
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      const is = identityOf(file)
      const was = seen.get(file)
      if (was === undefined && is !== undefined) seen.set(file, is) // a new database gets its WAL with the first write
      if (was === undefined || is === was) continue
      throw unavailable(
        `${file} was removed or replaced under a running service, which can save nothing now: put it back and restart`,
      )
    }
  }
}

function identityOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}
