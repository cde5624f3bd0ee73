/**
 * Hashing passwords, in worker threads behind a bounded queue: a login costs one hash and the event loop none. When more
 * work waits than can be done in about two seconds, the answer is 503 at once.
 */
import { Piscina } from 'piscina'
import { SignetError } from '../base/errors.ts'
import { estimatedMillisecondsOfNew, type HashTarget, memoryKibOfNew } from './hash-cost.ts'
import { hashMemoryOf, memoryOfProcess } from './hash-memory.ts'
import { type Asker, createHashQueue } from './hash-queue.ts'
import { type HashResult, type HashTask, hashWorkerUrl, type Verdict } from './hash-worker.ts'
import { normalizePassword } from './password-policy.ts'
import { memoryKibOf, parseStoredHash } from './stored-hash.ts'

export interface PasswordHasher {
  /** What new hashes are. */
  readonly target: HashTarget
  /** @throws {SignetError} `overloaded` */
  hash(password: string, asker?: Asker): Promise<string>
  /**
   * Whether the password matches, and the hash should be replaced. An absent or unusable hash, and a password that cannot
   * have been hashed, cost the same one hash and are wrong: time does not tell whether a user exists.
   * @throws {SignetError} `overloaded`
   */
  verify(password: string, hash: string | null | undefined, how?: Comparison, asker?: Asker): Promise<Verdict>
  /** Why a stored hash cannot be computed here, without quoting it; undefined when it can. */
  refusalOf(hash: string): string | undefined
  load(): HashLoad
  close(): Promise<void>
}

export interface Comparison {
  /** Whether another maker may have made the hash, from another form of the password or its first 72 bytes. */
  readonly foreign?: boolean
  /** The hash is somebody else's, computed for one who has none: wrong whatever the password, after the same work. */
  readonly isStandIn?: boolean
}

/** What the hasher has to do now, and has done since it was made. */
export interface HashLoad {
  readonly working: number
  readonly waiting: number
  /** How many may wait; beyond that, `overloaded`. */
  readonly limit: number
  readonly hashes: number
  /** Of all hashes together, without their waiting. */
  readonly seconds: number
}

export interface PasswordHasherOptions extends HashTarget {
  readonly threads: number
  /** How many may wait; undefined: two seconds of work, at least 8. */
  readonly queue: number | undefined
  /** The memory that this process may have; found out when not given. */
  readonly memoryBytes?: number
}

export function createPasswordHasher(options: PasswordHasherOptions): PasswordHasher {
  const { scheme, bcryptCost, threads, queue: places, memoryBytes = memoryOfProcess() } = options
  const target: HashTarget = { scheme, bcryptCost }
  const memory = hashMemoryOf(memoryBytes)
  const pool = new Piscina<HashTask, HashResult>({
    filename: hashWorkerUrl,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: 60_000,
    concurrentTasksPerWorker: 1,
  })
  let hashMilliseconds = estimatedMillisecondsOfNew(target)
  let hashes = 0
  let seconds = 0

  const maximumWaiting = () => places ?? Math.max(8, Math.floor((2000 * threads) / hashMilliseconds))
  const queue = createHashQueue({ threads, places: maximumWaiting, memory })

  async function compute(task: HashTask): Promise<HashResult> {
    const result = await pool.run(task).catch(cause => {
      const reason = `a hash could not be computed: ${cause.message}`
      throw new SignetError('overloaded', reason, { cause, retryAfterSeconds: 1 })
    })
    hashMilliseconds += (result.milliseconds - hashMilliseconds) / 8
    hashes++
    seconds += result.milliseconds / 1000
    return result
  }

  function refusalOf(text: string): string | undefined {
    const stored = parseStoredHash(text)
    if (!stored) return 'is of no scheme that can be read, or too costly'
    if (memoryKibOf(stored) <= memory.ofOne) return undefined
    const [takes, most] = [Math.ceil(memoryKibOf(stored) / 1024), Math.floor(memory.ofOne / 1024)]
    return `takes ${takes} MiB, and here a hash may take ${most} MiB (an eighth of this process's memory)`
  }

  return {
    target,
    async hash(password, asker = 'anybody') {
      const task: HashTask = { act: 'hash', password: normalizePassword(password), target }
      const { hash } = await queue.run(asker, memoryKibOfNew(target), () => compute(task))
      return hash as string
    },
    async verify(password, text, { foreign = false, isStandIn = false } = {}, asker = 'anybody') {
      const stored = text == null || refusalOf(text) ? undefined : parseStoredHash(text)
      const hash = (stored && text) ?? null
      const task: HashTask = { act: 'verify', password, hash, foreign, isStandIn, target }
      // One after the other: a failure is topped up with a new one.
      const memoryKib = Math.max(stored ? memoryKibOf(stored) : 0, memoryKibOfNew(target))
      const { verdict } = await queue.run(asker, memoryKib, () => compute(task))
      return verdict ?? 'wrong'
    },
    refusalOf,
    load: () => ({ working: queue.working(), waiting: queue.waiting(), limit: maximumWaiting(), hashes, seconds }),
    close: () => pool.destroy(),
  }
}
