/** Files that get their names when they are whole, so that a crash leaves no half of one and nothing is overwritten. */
import { closeSync, fsyncSync, linkSync, openSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { asThrown } from '../../base/thrown.ts'

export function alreadyThere(file: string): Error {
  return new Error(`${file} exists already and is not overwritten`)
}

/**
 * A link, unlike a rename, never replaces a file that appeared meanwhile; not every file system has links.
 * @returns whether `from` is still there, too
 * @throws {Error} when `to` exists
 */
export function giveName(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    const { code = '' } = asThrown(error)
    if (code === 'EEXIST') throw alreadyThere(to)
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(code)) throw error
    renameSync(from, to)
    return false
  }
}

/** What was renamed in a folder survives a power failure only when the folder itself was synced (fsync(2)). */
export function syncFolderOf(file: string): void {
  sync(dirname(file))
}

export function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
