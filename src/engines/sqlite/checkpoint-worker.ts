/** Runs in a worker thread: one checkpoint of one database file, where waiting for the disk stalls nobody. */
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { MessagePort } from 'node:worker_threads'

export interface CheckpointTask {
  /** An absolute path. */
  readonly file: string
  /** Whether the WAL is to be cut, not only used again. */
  readonly isLarge: boolean
  /** Told when the bulk is done, and tells when no writer of this process is at work. */
  readonly line: MessagePort
}

export interface CheckpointResult {
  /** Whether everything in the WAL is in the database file; readers or other writers may be in the way. */
  readonly isWhole: boolean
}

/** The pool finds the worker by the address it gives itself, as source and as compiled code. */
export const checkpointWorkerUrl: string = import.meta.url

/** Writers are held meanwhile, so a reader who takes long is not waited for. */
const patienceMilliseconds = 50

export default async function checkpoint({ file, isLarge, line }: CheckpointTask): Promise<CheckpointResult> {
  const database = open(file)
  const reader = open(file)
  const move = (mode: 'PASSIVE' | 'RESTART' | 'TRUNCATE') => {
    const row = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get()
    return row?.['busy'] === 0 && row['log'] === row['checkpointed']
  }
  try {
    // Nobody begins the WAL again while somebody reads it: that syncs its new header, so it would be done by whichever
    // writer comes next, and stall the event loop.
    reader.exec('BEGIN; SELECT 1 FROM sqlite_schema')
    move('PASSIVE')
    line.postMessage('bulk done')
    await once(line, 'message')
    reader.exec('COMMIT')
    const isWhole = move(isLarge ? 'TRUNCATE' : 'RESTART')
    if (isWhole) beginAgain(database)
    return { isWhole }
  } finally {
    line.close()
    reader.close()
    database.close()
  }
}

/** The first write into a WAL of which all was moved, and it changes nothing: here its header is synced. */
function beginAgain(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE')
  const version = database.prepare('PRAGMA user_version').get()?.['user_version']
  database.exec(`PRAGMA user_version = ${version}; COMMIT`)
}

function open(file: string): DatabaseSync {
  const url = pathToFileURL(file)
  url.searchParams.set('mode', 'rw') // or a file that was removed would be made again
  return new DatabaseSync(url, { timeout: patienceMilliseconds })
}
