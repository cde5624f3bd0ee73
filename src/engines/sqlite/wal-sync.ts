/**
 * Which commits are on disk. SQLite makes them with `synchronous = NORMAL`, which waits for no disk but where it must to
 * stay whole: it syncs the WAL before a checkpoint copies from it, and the header of a WAL that begins again
 * (sqlite.org/wal.html). The rest is done here, by a thread of libuv: whoever has seen a state is answered when the WAL
 * that holds it is synced, whichever process committed it. So every answer is as durable as with `synchronous = FULL`.
 */
import { closeSync, existsSync, fdatasyncSync, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import type { SignetError } from '../../base/errors.ts'
import { unavailable } from './sqlite-errors.ts'

export interface WalSync {
  /** To be called after every commit of this connection. */
  noteCommit(): void
  /**
   * Waits until everything that could be read just now is on disk.
   * @returns undefined when it is already
   * @throws {SignetError} `unavailable`, from the first failure on for ever
   */
  settle(): Promise<void> | undefined
  close(): Promise<void>
}

/** fdatasync(2) of one file. */
export type SyncFile = (file: FileHandle) => Promise<void>

/** What the connection can see: a number that others' commits change, and how many commits it made itself. */
interface Version {
  readonly others: unknown
  readonly own: number
}

export function createWalSync(raw: DatabaseSync, path: string, syncFile: SyncFile): WalSync {
  const dataVersion = raw.prepare('PRAGMA data_version')
  let commits = 0
  let file: FileHandle | undefined
  let synced: Version | undefined // unknown at first: who wrote last may have been killed before its sync
  let running: { readonly version: Version; readonly done: Promise<void> } | undefined
  let following: Promise<void> | undefined
  let failure: SignetError | undefined

  /** One that equals no other when it cannot be read: then it is synced, and the act itself has told what is the matter. */
  function now(): Version {
    try {
      return { others: dataVersion.get()?.['data_version'], own: commits }
    } catch {
      return { others: Symbol('unknown'), own: commits }
    }
  }

  function begin(version: Version): Promise<void> {
    const done = syncOnce(version).finally(() => {
      running = undefined
    })
    running = { version, done }
    return done
  }

  async function syncOnce(version: Version): Promise<void> {
    try {
      file ??= await openIfThere(`${path}-wal`)
      if (file) await syncFile(file)
      synced = version
    } catch (error) {
      // Never tried again: the system may take the pages for written by then (fsync(2) in Linux), and say so.
      failure = unavailable(
        `the disk did not take what was written, so nothing is saved until a restart: ${(error as Error).message} (${path})`,
        error,
      )
      throw failure
    }
  }

  return {
    noteCommit() {
      commits++
    },

    settle() {
      if (failure) return Promise.reject(failure)
      const version = now()
      if (isSame(version, synced)) return undefined
      if (!running) return begin(version)
      if (isSame(version, running.version)) return running.done
      // One for all who come while that runs, and who may have seen what it began too early for.
      following ??= running.done.then(() => {
        following = undefined
        return begin(now())
      })
      return following
    },

    async close() {
      await (following ?? running?.done)?.catch(() => {})
      await file?.close()
      file = undefined
    },
  }
}

function isSame(one: Version, other: Version | undefined): boolean {
  return other !== undefined && one.own === other.own && one.others === other.others
}

/** Writable, as some systems sync nothing else. Closing it drops no locks: SQLite has none on this file (fcntl(2)). */
async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return existsSync(path) ? open(path, 'r+') : undefined
}

/** For a command that has read a database and is about to say so, where nobody else waits. */
export function syncWalOf(path: string): void {
  if (!existsSync(`${path}-wal`)) return
  const descriptor = openSync(`${path}-wal`, 'r+')
  try {
    fdatasyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
