/** One hash's time, and what all cores hash together without any service around: the two ceilings of logins. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Piscina } from 'piscina'
import type { HashTarget } from '../../src/passwords/hash-cost.ts'
import { type HashTask, hashWorkerUrl } from '../../src/passwords/hash-worker.ts'

export interface HashCeiling {
  /** Logins a second if every core hashed all the time as fast as one does alone. */
  readonly byArithmetic: number
  /** Hashes a second that all cores really manage together. */
  readonly together: number
}

export async function measureHashCeiling(target: HashTarget, cores: number, seconds: number): Promise<HashCeiling> {
  const pool = new Piscina<HashTask, unknown>({ filename: hashWorkerUrl, minThreads: cores, maxThreads: cores })
  try {
    const { hash } = (await pool.run({ act: 'hash', password: 'demo123', target })) as { hash: string }
    const verify = () => pool.run({ act: 'verify', foreign: false, password: 'demo123', hash, target })
    const alone = await countFor(1, verify, seconds)
    const together = await countFor(cores, verify, seconds)
    return { byArithmetic: alone * cores, together }
  } finally {
    await pool.destroy()
  }
}

async function countFor(inFlight: number, act: () => Promise<unknown>, seconds: number): Promise<number> {
  let stopped = false
  let done = 0
  const startedAt = performance.now()
  let lastAt = startedAt
  const workers = Array.from({ length: inFlight }, async () => {
    while (!stopped) {
      await act()
      done++
      lastAt = performance.now()
    }
  })
  await sleep(seconds * 1000)
  stopped = true
  await Promise.all(workers)
  return done / ((lastAt - startedAt) / 1000)
}
