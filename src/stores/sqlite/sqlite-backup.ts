/** A copy of a SQLite file while others write to it. */
import { closeSync, existsSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'

const pagesAtOnce = 256

/**
 * Copies one moment of the database. The copy gets its name when it is whole, so a crash leaves no half of one.
 * @throws {Error} when `file` exists
 */
export async function backUpSqlite(
  path: string,
  file: string,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  if (existsSync(file)) throw alreadyThere(file)
  const partial = `${file}.partial-${process.pid}`
  rmSync(partial, { force: true })
  const source = new DatabaseSync(path, { readOnly: true, timeout: 2000 })
  try {
    // Without a read transaction held open, every write by another process would start the copy again
    // (sqlite.org/c3ref/backup_finish.html); with it, all steps see the same moment.
    source.exec('BEGIN')
    source.prepare("SELECT 1 FROM meta WHERE name = 'salt'").get()
    closeSync(openSync(partial, 'wx', 0o600))
    await backup(source, partial, {
      rate: pagesAtOnce,
      progress: ({ totalPages, remainingPages }) => onProgress(totalPages - remainingPages, totalPages),
    })
    nameIt(partial, file)
  } finally {
    source.close()
    rmSync(partial, { force: true })
  }
}

/** A link, unlike a rename, never replaces a file that appeared meanwhile; not every file system has links. */
function nameIt(partial: string, file: string): void {
  try {
    linkSync(partial, file)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw alreadyThere(file)
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(code)) throw error
    renameSync(partial, file)
  }
}

function alreadyThere(file: string): Error {
  return new Error(`${file} exists already and is not overwritten`)
}
