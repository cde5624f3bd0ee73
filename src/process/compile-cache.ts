/**
 * Keeps compiled code for the next start. Node runs what it finds there, and its default is a folder under the one for
 * temporary files, which another user of the machine can make first. So: a private folder beside the code, or none.
 */
import { lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { packageRoot } from '../base/package-root.ts'

/** What lies in the root of the package, for src/ and for dist/src/. */
const folderName = '.compile-cache'

/**
 * To be called before anything is loaded. Without a private folder it does nothing: a start takes a little longer. With
 * `NODE_COMPILE_CACHE` Node has begun by itself already, in a folder that whoever set it answers for.
 */
export function keepCompiledCode(): void {
  const folder = privateFolder(join(packageRoot, folderName))
  if (folder) enableCompileCache(folder)
}

/**
 * The folder without symbolic links, made when missing; or undefined unless it is ours, closed to all others (0700), and
 * reached by folders that nobody but us and root can change. One that was open once is not taken: what is in it may be
 * somebody else's.
 * @param uid ours; undefined on Windows, where modes say nothing
 */
export function privateFolder(path: string, uid = process.getuid?.()): string | undefined {
  if (uid === undefined) return undefined
  try {
    const parent = realpathSync(dirname(resolve(path)))
    if (!isSafeUpwards(parent, uid)) return undefined
    const folder = join(parent, basename(path))
    makeIfMissing(folder)
    const { mode, uid: owner } = lstatSync(folder) // of itself: a symbolic link is no folder
    return owner === uid && (mode & 0o170777) === 0o040700 ? folder : undefined
  } catch {
    return undefined // a read-only file system, a parent that may not be read: without it, then
  }
}

function isSafeUpwards(folder: string, uid: number): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const { mode, uid: owner } = lstatSync(at)
    const othersMayWrite = (mode & 0o022) !== 0
    // In a sticky folder such as /tmp others can add, but not exchange what is ours.
    const isSticky = (mode & 0o1000) !== 0 && at !== folder
    if ((owner !== uid && owner !== 0) || (othersMayWrite && !isSticky)) return false
    if (at === dirname(at)) return true
  }
}

function makeIfMissing(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
