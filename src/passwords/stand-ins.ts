/**
 * What is computed for a name that has no hash. While other hashes than new ones are in the database, a failure of one
 * work for every unknown name would tell the known ones apart. So each unknown name has the cost of some stored hash, as
 * many of each as there are in the database, and always the same: it behaves like a user who never logs in.
 */
import { createHmac } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { SampledHash, UserStore } from '../stores/stores.ts'
import { compareToNew, estimatedMilliseconds, type HashTarget } from './hash-cost.ts'
import type { PasswordHasher } from './password-hash.ts'
import { costClassOf, parseStoredHash } from './stored-hash.ts'

export interface StandIns {
  /**
   * Somebody's hash, to be computed for an account that has none; undefined: what a new one costs is right.
   * @param account its canonical name
   */
  for(account: string): SampledHash | undefined
  /** Looks at the stored hashes, unless it has within the hour. @throws {SignetError} `unavailable` */
  refresh(): Promise<void>
}

const sampleSize = 1000
const refreshSeconds = 3600

export function createStandIns(dependencies: {
  users: Pick<UserStore, 'sampleHashes'>
  hasher: Pick<PasswordHasher, 'target' | 'refusalOf'>
  /** Made with the database: secrets change, and no name may become slow again because of it. */
  salt: Buffer
  clock: Clock
}): StandIns {
  const { users, hasher, salt, clock } = dependencies
  let classes: readonly HashClass[] = []
  let lookedAt: number | undefined

  return {
    for: account => classAt(classes, quantileOf(account, salt))?.example,
    async refresh() {
      const now = clock()
      if (lookedAt !== undefined && Math.abs(now - lookedAt) < refreshSeconds) return
      const sample = await users.sampleHashes(sampleSize)
      // A user whose hash cannot be computed here fails like an unknown name.
      const usable = sample.filter(({ passwordHash }) => hasher.refusalOf(passwordHash) === undefined)
      classes = classesOf(usable, hasher.target)
      lookedAt = now
    },
  }
}

/** Hashes that take the same time, which is not that of a new one. */
export interface HashClass {
  readonly example: SampledHash
  /** Of all hashes, the share of those of this class or a slower one. */
  readonly upTo: number
}

/** Slowest first. */
export function classesOf(sample: readonly SampledHash[], target: HashTarget): HashClass[] {
  const counted = new Map<string, { example: SampledHash; milliseconds: number; count: number }>()
  let all = 0
  for (const example of sample) {
    const hash = parseStoredHash(example.passwordHash)
    if (!hash) continue
    all++
    // What argon2id lacks cannot be topped up exactly: memory that fits into a cache is faster.
    const comparison = compareToNew(hash, target)
    if (comparison === 'same' || (comparison === 'cheaper' && hash.scheme === 'bcrypt')) continue
    // A foreign hash is compared with every form of a password, so it can take longer than one of ours.
    const key = `${costClassOf(hash)} ${hash.scheme} ${example.foreignHash}`
    const count = (counted.get(key)?.count ?? 0) + 1
    counted.set(key, { example, milliseconds: estimatedMilliseconds(hash), count })
  }
  let slower = 0
  return [...counted]
    .sort(([keyA, a], [keyB, b]) => b.milliseconds - a.milliseconds || (keyA < keyB ? 1 : -1))
    .map(([, { example, count }]) => {
      slower += count
      return { example, upTo: slower / all }
    })
}

/** As users log in and their hashes are replaced, a name turns from slow to fast and never back. */
export function classAt(classes: readonly HashClass[], quantile: number): HashClass | undefined {
  return classes.find(({ upTo }) => quantile < upTo)
}

/** 0 to below 1, evenly over all names. */
function quantileOf(account: string, salt: Buffer): number {
  return createHmac('sha256', salt).update('signet stand-in\0').update(account).digest().readUIntBE(0, 6) / 2 ** 48
}
