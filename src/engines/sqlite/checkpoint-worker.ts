/** Runs in a worker thread: one checkpoint of one database file, where waiting for the disk stalls nobody. */
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

export interface CheckpointTask {
  /** An absolute path. */
  readonly file: string
  /** sqlite.org/pragma.html#pragma_wal_checkpoint */
  readonly mode: 'PASSIVE' | 'RESTART' | 'TRUNCATE'
}

export interface CheckpointResult {
  /** Whether everything in the WAL is in the database file; readers or other writers may be in the way. */
  readonly isWhole: boolean
}

/** The pool finds the worker by the address it gives itself, as source and as compiled code. */
export const checkpointWorkerUrl: string = import.meta.url

/** Writers are held meanwhile, so a reader who takes long is not waited for. */
const patienceMilliseconds = 50

export default function checkpoint({ file, mode }: CheckpointTask): CheckpointResult {
  const url = pathToFileURL(file)
  url.searchParams.set('mode', 'rw') // or a file that was removed would be made again
  const database = new DatabaseSync(url, { timeout: patienceMilliseconds })
  try {
    const row = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get()
    return { isWhole: row?.['busy'] === 0 && row['log'] === row['checkpointed'] }
  } finally {
    database.close()
  }
}
