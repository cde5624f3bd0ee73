/**
 * Hashing passwords, in worker threads behind a bounded queue: a login costs one hash and the event loop none. When more
 * work waits than can be done in about two seconds, the answer is 503 at once (contract section 7).
 */
import { randomBytes, randomInt } from 'node:crypto'
import { Piscina } from 'piscina'
import { SignetError } from '../errors.ts'
import { type HashTask, hashWorkerUrl } from './hash-worker.ts'
import { normalizePassword, unhashable } from './password-policy.ts'

export interface PasswordHasher {
  /** @throws {SignetError} `overloaded` */
  hash(password: string): Promise<string>
  /**
   * Whether the password matches. An absent or unusable hash, and a password that cannot have been hashed, cost the same
   * one hash and are false: time does not tell whether a user exists.
   * @throws {SignetError} `overloaded`
   */
  verify(password: string, hash: string | null | undefined): Promise<boolean>
  close(): Promise<void>
}

export interface PasswordHasherOptions {
  readonly bcryptCost: number
  readonly threads: number
  /** How many may wait; undefined: two seconds of work, at least 8. */
  readonly queue: number | undefined
}

export function createPasswordHasher({ bcryptCost, threads, queue }: PasswordHasherOptions): PasswordHasher {
  const pool = new Piscina<HashTask, { result: string | boolean; milliseconds: number }>({
    filename: hashWorkerUrl,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: 60_000,
    concurrentTasksPerWorker: 1,
  })
  const noPassword = unmatchableHash(bcryptCost)
  let hashMilliseconds = estimatedMilliseconds(bcryptCost)
  let working = 0

  const maximumWaiting = () => queue ?? Math.max(8, Math.floor((2000 * threads) / hashMilliseconds))

  async function run(task: HashTask): Promise<string | boolean> {
    if (working >= threads + maximumWaiting()) {
      throw new SignetError('overloaded', 'the hash queue is full', { retryAfterSeconds: randomInt(1, 4) })
    }
    working++
    try {
      const { result, milliseconds } = await pool.run(task)
      hashMilliseconds += (milliseconds - hashMilliseconds) / 8
      return result
    } finally {
      working--
    }
  }

  return {
    hash: async password => String(await run({ act: 'hash', password: normalizePassword(password), cost: bcryptCost })),
    async verify(password, hash) {
      const normalized = normalizePassword(password)
      const possible = !unhashable(normalized) && hash != null && isBcrypt(hash)
      const task = possible ? { password: normalized, hash } : { password: 'no password', hash: noPassword }
      const matches = await run({ act: 'verify', ...task })
      return possible && matches === true
    },
    close: () => pool.destroy(),
  }
}

function isBcrypt(hash: string): boolean {
  return /^\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}$/.test(hash)
}

/** A well-formed hash of no known password, so that comparing against it takes as long as against a real one. */
function unmatchableHash(cost: number): string {
  const filler = randomBytes(53).toString('base64').replaceAll('+', '.').replaceAll('=', '').slice(0, 53)
  return `$2b$${String(cost).padStart(2, '0')}$${filler}`
}

/** A first guess; the real time is learned with every hash. */
function estimatedMilliseconds(cost: number): number {
  return 400 * 2 ** (cost - 12)
}
