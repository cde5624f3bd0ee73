/**
 * Hashing passwords, in worker threads behind a bounded queue: a login costs one hash and the event loop none. When more
 * work waits than can be done in about two seconds, the answer is 503 at once (contract section 7).
 */
import { randomInt } from 'node:crypto'
import { Piscina } from 'piscina'
import { SignetError } from '../errors.ts'
import { type HashResult, type HashTarget, type HashTask, hashWorkerUrl, type Verdict } from './hash-worker.ts'
import { normalizePassword } from './password-policy.ts'

export interface PasswordHasher {
  /**
   * @param patiently waits for its turn however long that is, for work that nobody waits for at a gateway
   * @throws {SignetError} `overloaded`
   */
  hash(password: string, patiently?: boolean): Promise<string>
  /**
   * Whether the password matches, and the hash should be replaced. An absent or unusable hash, and a password that cannot
   * have been hashed, cost the same one hash and are wrong: time does not tell whether a user exists.
   * @param foreign whether another maker may have made the hash, from another form of the password or its first 72 bytes
   * @throws {SignetError} `overloaded`
   */
  verify(password: string, hash: string | null | undefined, foreign?: boolean): Promise<Verdict>
  load(): HashLoad
  close(): Promise<void>
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
}

export function createPasswordHasher({ threads, queue, ...target }: PasswordHasherOptions): PasswordHasher {
  const pool = new Piscina<HashTask, HashResult>({
    filename: hashWorkerUrl,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: 60_000,
    concurrentTasksPerWorker: 1,
  })
  let hashMilliseconds = estimatedMilliseconds(target)
  let accepted = 0
  let hashes = 0
  let seconds = 0

  const maximumWaiting = () => queue ?? Math.max(8, Math.floor((2000 * threads) / hashMilliseconds))

  async function run(task: HashTask, patiently = false): Promise<HashResult> {
    if (!patiently && accepted >= threads + maximumWaiting()) {
      throw new SignetError('overloaded', 'the hash queue is full', { retryAfterSeconds: randomInt(1, 4) })
    }
    accepted++
    try {
      const result = await pool.run(task)
      hashMilliseconds += (result.milliseconds - hashMilliseconds) / 8
      hashes++
      seconds += result.milliseconds / 1000
      return result
    } finally {
      accepted--
    }
  }

  return {
    async hash(password, patiently) {
      const { hash } = await run({ act: 'hash', password: normalizePassword(password), target }, patiently)
      return hash as string
    },
    async verify(password, hash, foreign = false) {
      const { verdict } = await run({ act: 'verify', password, hash: hash ?? null, foreign, target })
      return verdict ?? 'wrong'
    },
    load: () => ({
      working: Math.min(accepted, threads),
      waiting: Math.max(0, accepted - threads),
      limit: maximumWaiting(),
      hashes,
      seconds,
    }),
    close: () => pool.destroy(),
  }
}

/** A first guess; the real time is learned with every hash. */
function estimatedMilliseconds({ scheme, bcryptCost }: HashTarget): number {
  return scheme === 'argon2id' ? 40 : 400 * 2 ** (bcryptCost - 12)
}
