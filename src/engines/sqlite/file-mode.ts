/** A database holds password hashes: its files are for their owner alone, whoever made them and however. */
import { chmodSync, realpathSync, statSync } from 'node:fs'

/**
 * Takes the rights of group and others from a database file and its companions: SQLite gives new ones the mode of the file,
 * and those that are there keep theirs. Nothing is opened, because closing it would drop this process's locks (fcntl(2)).
 * @param warn told of a file that stays open to others, because it is another user's or has no modes
 */
export function closeToOthers(path: string, warn: (text: string) => void = text => process.emitWarning(text)): void {
  if (process.platform === 'win32') return // modes say nothing there
  const real = realpathSync(path) // beside it, not beside a link to it, the companions are
  for (const file of [real, `${real}-wal`, `${real}-shm`, `${real}-journal`]) {
    if (!isOpenToOthers(file)) continue
    try {
      chmodSync(file, modeOf(file) & 0o700)
    } catch {} // told below
    if (isOpenToOthers(file)) warn(`${file} can be read or written by others: give it to this user, with mode 0600`)
  }
}

const isOpenToOthers = (file: string) => (modeOf(file) & 0o077) !== 0

function modeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mode ?? 0
}
