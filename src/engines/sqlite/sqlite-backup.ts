/** A copy of a SQLite file while others write to it. */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { asThrown } from '../../base/thrown.ts'
import { alreadyThere, giveName, syncFolderOf } from './new-file.ts'
import { syncWalOf } from './wal-sync.ts'
import { requireWhole } from './whole-database.ts'

const pagesAtOnce = 256

/**
 * Copies one moment of the database. The copy gets its name when it is whole and was found to be: SQLite copies damaged
 * pages as they are, and a backup that cannot be restored is worse than none.
 * @throws {Error} when `file` exists, or when the database is damaged
 */
export async function backUpSqlite(
  path: string,
  file: string,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  if (existsSync(file)) throw alreadyThere(file)
  const partial = resolve(`${file}.partial-${process.pid}`)
  rmSync(partial, { force: true })
  const source = new DatabaseSync(resolve(path), { readOnly: true, timeout: 2000 })
  try {
    // Without a read transaction held open, every write by another process would start the copy again
    // (sqlite.org/c3ref/backup_finish.html); with it, all steps see the same moment.
    source.exec('BEGIN')
    source.prepare("SELECT 1 FROM meta WHERE name = 'salt'").get()
    syncWalOf(resolve(path)) // what is told to be saved must not be more than the database itself would keep
    closeSync(openSync(partial, 'wx', 0o600))
    await backup(source, partial, {
      rate: pagesAtOnce,
      progress: ({ totalPages, remainingPages }) => onProgress(totalPages - remainingPages, totalPages),
    })
    source.exec('COMMIT') // from here on, its WAL need not wait for us
    requireWholeCopy(path, partial)
    giveName(partial, file)
    syncFolderOf(resolve(file))
  } finally {
    source.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${partial}${suffix}`, { force: true })
  }
}

function requireWholeCopy(path: string, partial: string): void {
  try {
    requireWhole(partial)
  } catch (error) {
    throw new Error(`no backup was made, because what was read from ${path} ${asThrown(error).message}`)
  }
}
