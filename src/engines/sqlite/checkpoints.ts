/**
 * Moves what the WAL holds into the database file, in a thread of its own: it syncs two files and copies pages, and the
 * event loop waits for neither. SQLite's own way would do it inside a COMMIT.
 *
 * A WAL begins again at its start only when all of it was moved and nobody wrote meanwhile, which a busy service never
 * lets happen. So the bulk is moved while writes go on, and for the short rest they are held in line.
 */
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { type CheckpointResult, type CheckpointTask, checkpointWorkerUrl } from './checkpoint-worker.ts'
import type { Line } from './group-commit.ts'

export interface Checkpoints {
  /** Begins a checkpoint when it is time for one. */
  afterCommit(): void
  /** Resolves when none is running, and none will. */
  close(): Promise<void>
}

/**
 * Rows, of about a page each: SQLite's own measure is 1,000 pages. A new database begins with 1,000 small ones
 * (user-sample.ts), for which no thread is started.
 */
const changesBetween = 1200
/** The WAL of a reader that took long (a copy, a backup) is cut when it has gone. */
const largestBytes = 16 * 1024 * 1024
/** Before the next try when a reader or another process was in the way. */
const pauseMilliseconds = 1000

export function createCheckpoints(path: string, raw: DatabaseSync, writers: Pick<Line, 'hold'>): Checkpoints {
  const file = resolve(path)
  const totalChanges = raw.prepare('SELECT total_changes() AS changes')
  raw.exec('PRAGMA wal_autocheckpoint = 0')
  let pool: Piscina<CheckpointTask, CheckpointResult> | undefined
  let running: Promise<void> | undefined
  let changesBefore = 0
  let notBefore = 0

  async function checkpoint(): Promise<void> {
    pool ??= new Piscina({ filename: checkpointWorkerUrl, minThreads: 0, maxThreads: 1, idleTimeout: 10_000 })
    const { port1: worker, port2: line } = new MessageChannel()
    try {
      const isLarge = walBytes(file) > largestBytes
      const over = pool.run({ file, isLarge, line }, { transferList: [line] })
      await Promise.race([once(worker, 'message'), over]) // the latter when it fails before
      const { isWhole } = await writers.hold(() => {
        worker.postMessage('held')
        return over
      })
      if (!isWhole) notBefore = performance.now() + pauseMilliseconds
    } catch {
      raw.exec('PRAGMA wal_autocheckpoint = 1000') // no thread, or no disk: better slow than a WAL without end
    } finally {
      worker.close()
    }
  }

  return {
    afterCommit() {
      if (running || performance.now() < notBefore) return
      const changes = Number(totalChanges.get()?.['changes'])
      if (changes < changesBefore + changesBetween && walBytes(file) <= largestBytes) return
      changesBefore = changes
      running = checkpoint().finally(() => {
        running = undefined
      })
    },

    async close() {
      notBefore = Number.POSITIVE_INFINITY
      await running
      await pool?.destroy()
    },
  }
}

function walBytes(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
}
