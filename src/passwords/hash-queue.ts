/**
 * Whose password is hashed next. Hashing is what a stranger can make us do that costs most, so the waiting places are
 * shared: no network takes them all, nobody who has gone is served, and hashes that take much memory take turns.
 */
import { randomInt } from 'node:crypto'
import { SignetError } from '../base/errors.ts'
import type { HashMemory } from './hash-memory.ts'
import { argon2idParameters } from './stored-hash.ts'

/** For whom a hash is computed. */
export interface HashClient {
  /** The IPv4 address or the IPv6 /64, which has a quarter of the waiting places. */
  readonly network: string
  /** The IPv6 /48, which has half of them. */
  readonly site: string | undefined
  /** Many people share this address: it has no share to keep to. */
  readonly isExempt: boolean
  /** Whether the client has hung up by now. */
  readonly isGone: boolean
}

/** `anybody` has a place while there is one; `patient` work, which no gateway waits for, has one always. */
export type Asker = HashClient | 'anybody' | 'patient'

export interface HashQueue {
  /**
   * Does the work when a thread and the memory are free.
   * @param memoryKib what it takes
   * @throws {SignetError} `overloaded`: no place to wait, or the client has gone before its turn; nothing was done
   */
  run<T>(asker: Asker, memoryKib: number, work: () => Promise<T>): Promise<T>
  working(): number
  waiting(): number
}

interface Waiting {
  readonly asker: Asker
  /** Whose share is counted; undefined for those who have none. */
  readonly network: string | undefined
  readonly site: string | undefined
  readonly memoryKib: number
  begin(): void
  refuse(reason: string): void
}

/** @param places how many may wait now */
export function createHashQueue(capacity: { threads: number; places(): number; memory: HashMemory }): HashQueue {
  const { threads, places, memory } = capacity
  const waiting = new Set<Waiting>()
  const working = new Set<Waiting>()

  function run<T>(asker: Asker, memoryKib: number, work: () => Promise<T>): Promise<T> {
    const { promise: turn, resolve, reject } = Promise.withResolvers<void>()
    const refuse = (reason: string) => reject(overloaded(reason))
    const one: Waiting = { asker, ...shareholderOf(asker), memoryKib, begin: resolve, refuse }
    enter(one)
    return turn.then(work).finally(() => {
      if (working.delete(one)) beginNext()
    })
  }

  function enter(one: Waiting): void {
    waiting.add(one)
    beginNext()
    if (!waiting.delete(one)) return
    if (refusalOf(one)) dropGone()
    const reason = refusalOf(one)
    if (reason) one.refuse(reason)
    else waiting.add(one)
  }

  /** In turn, but a large one that must wait for another lets those behind it pass. */
  function beginNext(): void {
    for (const one of waiting) {
      if (working.size >= threads) return
      if (isGone(one.asker)) drop(one)
      else if (fits(one)) begin(one)
    }
  }

  function begin(one: Waiting): void {
    waiting.delete(one)
    working.add(one)
    one.begin()
  }

  function drop(one: Waiting): void {
    waiting.delete(one)
    one.refuse('the client has gone before its turn')
  }

  function dropGone(): void {
    for (const one of waiting) if (isGone(one.asker)) drop(one)
  }

  function fits({ memoryKib }: Waiting): boolean {
    const taken = [...working].map(one => one.memoryKib)
    if (isLarge(memoryKib) && taken.some(isLarge)) return false
    const sum = taken.reduce((all, each) => all + each, 0)
    return sum === 0 || sum + memoryKib <= memory.ofAll
  }

  function refusalOf({ asker, network, site }: Waiting): string | undefined {
    if (asker === 'patient') return undefined
    const all = places()
    const others = [...waiting].filter(other => other.asker !== 'patient')
    const isOver = (parts: number, isOne: (other: Waiting) => boolean) =>
      others.filter(isOne).length >= Math.max(1, Math.floor(all / parts))
    if (others.length >= all) return 'the hash queue is full'
    if (network && isOver(4, other => other.network === network)) return 'its address has its share of the hash queue'
    if (site && isOver(2, other => other.site === site)) return 'its /48 has its share of the hash queue'
    return undefined
  }

  return { run, working: () => working.size, waiting: () => waiting.size }
}

function shareholderOf(asker: Asker): Pick<Waiting, 'network' | 'site'> {
  const isCounted = typeof asker === 'object' && !asker.isExempt
  return isCounted ? { network: asker.network, site: asker.site } : { network: undefined, site: undefined }
}

function isGone(asker: Asker): boolean {
  return typeof asker === 'object' && asker.isGone
}

/** More than a new hash takes. */
function isLarge(memoryKib: number): boolean {
  return memoryKib > argon2idParameters.memoryKib
}

function overloaded(reason: string): SignetError {
  return new SignetError('overloaded', reason, { retryAfterSeconds: randomInt(1, 4) })
}
