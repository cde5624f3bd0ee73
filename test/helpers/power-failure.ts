/**
 * What a power failure leaves of a SQLite database: of the WAL no more than was synced, or some of the rest, in any state.
 * It is told by the files themselves (sqlite.org/walformat.html), beside a service that goes on writing.
 */
import { copyFileSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { SyncFile } from '../../src/engines/sqlite/wal-sync.ts'

export interface Disk {
  /** Syncs for real, and notes what is on disk by then. */
  readonly syncFile: SyncFile
  /** How often a WAL began again. */
  readonly restarts: number
  /** Writes the files as a power failure at this moment leaves them. Synchronous. */
  fail(copy: string): void
}

/** Of the shared memory of a WAL: which WAL it is, how long, and how much of it may be in the database file. */
interface Position {
  readonly salt: string
  readonly frames: number
  readonly moved: string
  readonly mayBeMoved: number
}

const headerBytes = 32
const frameHeaderBytes = 24

/** @param path of a database that is open and has a WAL. Nothing is closed, because that would drop locks (fcntl(2)). */
export function watchDisk(path: string): Disk {
  const [file, wal, shm] = [path, `${path}-wal`, `${path}-shm`].map(name => openSync(name, 'r')) as [
    number,
    number,
    number,
  ]
  const pageSize = read(file, 18, 16).readUInt16BE(16)
  const frameBytes = frameHeaderBytes + pageSize
  let synced = position() // whoever opened it has been answered
  let restarts = 0

  function position(): Position {
    const memory = read(shm, 136)
    return {
      salt: memory.subarray(32, 40).toString('hex'),
      frames: memory.readUInt32LE(16),
      moved: memory.subarray(96, 100).toString('hex'),
      mayBeMoved: memory.readUInt32LE(128),
    }
  }

  /** Of one moment, though a checkpoint may be at work in its thread. */
  function snapshot(copy: string): { before: Position; bytes: Buffer } {
    for (;;) {
      const before = position()
      copyFileSync(`/proc/self/fd/${file}`, copy)
      const bytes = read(wal, fstatSync(wal).size)
      const after = position()
      const isOne = (['salt', 'moved', 'mayBeMoved'] as const).every(name => before[name] === after[name])
      if (isOne) return { before, bytes }
    }
  }

  return {
    async syncFile(handle) {
      const now = position()
      await handle.datasync()
      for (let turns = Math.random() * 8; turns > 1; turns--) await turn() // so that others look meanwhile
      if (now.salt !== synced.salt) restarts++
      synced = now
    },

    get restarts() {
      return restarts
    },

    fail(copy) {
      const { before, bytes } = snapshot(copy)
      // A checkpoint syncs the WAL before it moves anything; its header is synced when it begins again.
      const kept = Math.max(before.salt === synced.salt ? synced.frames : 0, before.mayBeMoved)
      const keptBytes = Math.min(headerBytes + kept * frameBytes, bytes.length)
      writeFileSync(`${copy}-wal`, spoil(bytes.subarray(0, headerBytes + before.frames * frameBytes), keptBytes))
    },
  }

  function read(descriptor: number, length: number, from = 0): Buffer {
    const buffer = Buffer.alloc(length + from)
    readSync(descriptor, buffer, 0, length + from, 0)
    return buffer
  }
}

/** Nothing of what was not synced, a part of it, or all but a block. */
function spoil(wal: Buffer, kept: number): Buffer {
  const rest = Math.max(wal.length - kept, 0)
  const somewhere = kept + Math.floor(Math.random() * rest)
  const way = Math.floor(Math.random() * 4)
  if (way <= 1 || rest === 0) return wal.subarray(0, kept)
  if (way === 2) return wal.subarray(0, somewhere)
  const spoiled = Buffer.from(wal)
  spoiled.fill(0, somewhere, Math.min(somewhere + 4096, wal.length))
  return spoiled
}
