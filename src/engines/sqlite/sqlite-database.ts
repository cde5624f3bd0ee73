/** One SQLite file, opened safely: WAL, every state on disk before it is answered, mode 0600, and no waiting inside. */
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SignetError } from '../../base/errors.ts'
import { asThrown } from '../../base/thrown.ts'
import { type Checkpoints, createCheckpoints } from './checkpoints.ts'
import { cannotOpen, makeDatabaseFile, watchDatabaseFile } from './database-file.ts'
import { closeToOthers } from './file-mode.ts'
import { type Act, createLine, type Outcome } from './group-commit.ts'
import { kindOf, unavailable } from './sqlite-errors.ts'
import { keepTemporaryFiles } from './temporary-files.ts'
import { createWalSync, type SyncFile, type WalSync } from './wal-sync.ts'

/** Every act here throws {SignetError} `unavailable` when the database stays locked or cannot be read or written. */
export interface SqliteDatabase {
  readonly raw: DatabaseSync
  /** Synchronous statements that only read: at once, as in WAL mode no writer keeps readers waiting. Resolves as `write`. */
  read<T>(act: () => T): Promise<T>
  /** One statement that writes; the commit is shared with others of the same turn. Resolves when what it saw and did is on disk. */
  write<T>(act: () => T): Promise<T>
  /** The same for what nobody waits for: it shares the next commit, or has its own a moment later. */
  ride<T>(act: () => T): Promise<T>
  /** Several statements, all or nothing, as one of those who share a commit. */
  transaction<T>(act: () => T): Promise<T>
  /** Reads, and looks whether the file is still there. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** How long one attempt may keep the event loop; whoever is left is of the next one. */
const sliceMilliseconds = 2
/** Readers look for the file this often; writers at every commit. */
const lookEveryMilliseconds = 500

/**
 * @param path a file (made when missing, with its folder) or `:memory:`
 * @param syncFile for tests; the system's own when not given
 */
export async function openSqliteDatabase(
  path: string,
  syncFile: SyncFile = file => file.datasync(),
): Promise<SqliteDatabase> {
  const raw = openFile(path)
  let requireFile = () => {}
  let lookedAt = 0
  let checkpoints: Checkpoints | undefined
  let wal: WalSync | undefined

  const settle = () => wal?.settle()
  const readers = createLine(acts => attempt(acts, readInTime), settle)
  const writers = createLine(acts => attempt(acts, commitTogether), settle)

  function attempt(acts: readonly Act[], group: (acts: readonly Act[]) => Outcome[]): Outcome[] | undefined {
    try {
      return group(acts)
    } catch (error) {
      if (raw.isOpen && raw.isTransaction) raw.exec('ROLLBACK')
      if (raw.isOpen && kindOf(error) === 'busy') return undefined
      const told = error instanceof SignetError ? error : unavailable(`${asThrown(error).message} (${path})`, error)
      return acts.map(() => ({ error: told }))
    }
  }

  function commitTogether(acts: readonly Act[]): Outcome[] {
    requireFile()
    raw.exec('BEGIN IMMEDIATE')
    const outcomes = inTime(acts)
    raw.exec('COMMIT')
    wal?.noteCommit()
    checkpoints?.afterCommit()
    return outcomes
  }

  function readInTime(acts: readonly Act[]): Outcome[] {
    const now = performance.now()
    if (now >= lookedAt + lookEveryMilliseconds) {
      requireFile()
      lookedAt = now
    }
    return inTime(acts)
  }

  function inTime(acts: readonly Act[]): Outcome[] {
    const until = performance.now() + sliceMilliseconds
    const outcomes: Outcome[] = []
    for (const act of acts) {
      outcomes.push(outcomeOf(act))
      if (performance.now() >= until) break
    }
    return outcomes
  }

  /** A statement that fails undoes itself and nothing else of its transaction, so its neighbours are kept. */
  function outcomeOf(act: Act): Outcome {
    try {
      return { value: act() }
    } catch (error) {
      if (raw.isOpen && kindOf(error) === 'mistake') return { error }
      throw error
    }
  }

  function allOrNothing<T>(act: () => T): T {
    raw.exec('SAVEPOINT act')
    try {
      const result = act()
      raw.exec('RELEASE act')
      return result
    } catch (error) {
      if (raw.isOpen && raw.isTransaction) raw.exec('ROLLBACK TO act; RELEASE act')
      throw error
    }
  }

  async function read<T>(act: () => T): Promise<T> {
    const outcome = readers.isEmpty ? attempt([act], readInTime)?.[0] : undefined
    if (!outcome) return readers.enter(act)
    await settle()
    if ('error' in outcome) throw outcome.error
    return outcome.value as T
  }

  async function close(): Promise<void> {
    await checkpoints?.close()
    await wal?.close()
    if (raw.isOpen) raw.close()
  }

  try {
    await read(() => raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL'))
  } catch (error) {
    raw.close()
    throw error
  }
  if (path !== ':memory:') {
    requireFile = watchDatabaseFile(path)
    requireFile()
    checkpoints = createCheckpoints(path, raw, writers)
    wal = createWalSync(raw, path, syncFile)
  }

  return {
    raw,
    read,
    write: act => writers.enter(act),
    ride: act => writers.ride(act),
    transaction: act => writers.enter(() => allOrNothing(act)),
    ping: () => {
      lookedAt = 0
      // Reading a row proves more than SELECT 1, which never touches the file.
      return read(() => void raw.prepare("SELECT 1 FROM meta WHERE name = 'salt'").get())
    },
    close,
  }
}

function openFile(path: string): DatabaseSync {
  if (path === ':memory:') {
    const raw = new DatabaseSync(path, { timeout: 0 })
    keepTemporaryFiles(raw)
    return raw
  }
  makeDatabaseFile(path)
  try {
    closeToOthers(path)
    const raw = new DatabaseSync(resolve(path), { timeout: 0 }) // absolute: SQLite takes `file:` for a URI
    keepTemporaryFiles(raw, dirname(resolve(path)))
    return raw
  } catch (error) {
    throw cannotOpen(path, error)
  }
}
