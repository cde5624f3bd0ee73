/**
 * How much memory this process may have, and how much of it a hash: a stored hash says itself what it takes, so one
 * imported line could otherwise have the whole service killed.
 */
import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { maximumMemoryKib } from './hash-bounds.ts'
import { argon2idParameters } from './stored-hash.ts'

/** In KiB, as argon2id counts (RFC 9106); for scrypt too. */
export interface HashMemory {
  /** Of one hash: an eighth of the process's memory, at most 256 MiB; never less than a new hash takes. */
  readonly ofOne: number
  /** Of all that are computed at once: a quarter, unless it is one. */
  readonly ofAll: number
}

export function hashMemoryOf(processBytes: number): HashMemory {
  const ofOne = Math.max(Math.min(maximumMemoryKib, Math.floor(processBytes / 1024 / 8)), argon2idParameters.memoryKib)
  return { ofOne, ofAll: Math.max(2 * ofOne, Math.floor(processBytes / 1024 / 4)) }
}

/**
 * The least of what the machine has and what the process's control groups allow, in bytes. Node looks at the process's
 * own group; a limit on one above it (a slice of systemd, a pod) holds as well.
 * @param root where `/proc` and `/sys` are
 */
export function memoryOfProcess(root = '/'): number {
  const constrained = root === '/' ? process.constrainedMemory() : 0 // 0: none is known
  return Math.min(totalmem(), ...[constrained, ...groupLimits(root)].filter(bytes => bytes > 0))
}

/** Lines like `0::/path` (version 2) and `4:memory:/path` (version 1), see cgroups(7). */
function groupLimits(root: string): number[] {
  return (read(root, 'proc/self/cgroup') ?? '').split('\n').flatMap(line => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (path === undefined) return []
    if (controllers === '') return upwards(path).map(folder => limitIn(root, 'sys/fs/cgroup', folder, 'memory.max'))
    if (!controllers?.split(',').includes('memory')) return []
    return upwards(path).map(folder => limitIn(root, 'sys/fs/cgroup/memory', folder, 'memory.limit_in_bytes'))
  })
}

/** The folder and all above it. In a container the path may be the host's, and then only the last one is there. */
function upwards(path: string): string[] {
  return path === '/' ? ['/'] : [path, ...upwards(dirname(path))]
}

/** 0 where there is none, as for the word `max`. */
function limitIn(...path: string[]): number {
  return Number(read(...path)) || 0
}

function read(...path: string[]): string | undefined {
  try {
    return readFileSync(join(...path), 'utf8')
  } catch {
    return undefined // no control groups here: macOS, Windows, or nothing mounted
  }
}
