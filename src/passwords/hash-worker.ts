/**
 * Runs in a worker thread: one password at a time, synchronously, where it stalls nobody. It also does the work that
 * makes failures cost alike.
 */
import { randomBytes } from 'node:crypto'
import { setPriority } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { compareSync, hashSync } from 'bcryptjs'
import { blocksOf, compareToNew, type HashTarget } from './hash-cost.ts'
import { argon2id, matchesHash } from './matches-hash.ts'
import { normalizePassword, passwordForms, unhashable } from './password-policy.ts'
import {
  type Argon2idHash,
  argon2idParameters,
  formatArgon2id,
  parseStoredHash,
  type StoredHash,
} from './stored-hash.ts'

export type HashTask =
  | { readonly act: 'hash'; readonly password: string; readonly target: HashTarget }
  | {
      readonly act: 'verify'
      /** As it was sent. */
      readonly password: string
      readonly hash: string | null
      /** Whether another maker may have made the hash. */
      readonly foreign: boolean
      /** It is computed for somebody who has none, so it is wrong whatever the password. */
      readonly isStandIn?: boolean
      readonly target: HashTarget
    }

/** `outdated` is right, and should be replaced by a hash of the target, which can hold it. */
export type Verdict = 'wrong' | 'right' | 'outdated'

export interface HashResult {
  readonly hash?: string
  readonly verdict?: Verdict
  readonly milliseconds: number
}

/** The pool finds the worker by the address it gives itself, as source and as compiled code. */
export const hashWorkerUrl: string = import.meta.url

// On Linux a nice value belongs to the thread: hashing yields to the event loop when both want a core. The main thread
// loads this file too, for its address.
if (process.platform === 'linux' && !isMainThread) setPriority(0, 10)

export default function work(task: HashTask): HashResult {
  const startedAt = performance.now()
  const outcome = task.act === 'hash' ? { hash: hashOf(task.password, task.target) } : { verdict: verify(task) }
  return { ...outcome, milliseconds: performance.now() - startedAt }
}

function hashOf(password: string, { scheme, bcryptCost }: HashTarget): string {
  if (scheme === 'bcrypt') return hashSync(password, bcryptCost)
  const salt = randomBytes(16)
  return formatArgon2id({ ...argon2idParameters, salt, tag: argon2id(password, { ...argon2idParameters, salt }, 32) })
}

/**
 * A foreign hash is compared with every form of the password its maker may have seen, and our own with NFC alone. The
 * work is the same for both, and for none: it depends on the password that was sent, and not on whose it may be.
 */
function verify({ password, hash, foreign, isStandIn = false, target }: Extract<HashTask, { act: 'verify' }>): Verdict {
  const stored = hash === null ? undefined : parseStoredHash(hash)
  for (const [i, form] of passwordForms(password).entries()) {
    const mayMatch = stored && (i === 0 || foreign) && !unhashable(form, foreign ? undefined : limitOf(stored))
    if (!compare(form, mayMatch ? stored : undefined, isStandIn, target)) continue
    const isOurs = i === 0 && stored && compareToNew(stored, target) === 'same'
    return isOurs || unhashable(normalizePassword(password), target.scheme) ? 'right' : 'outdated'
  }
  return 'wrong'
}

/** Only bcrypt has a longest password; whoever made a foreign hash cut it off there, as bcrypt does by itself. */
const limitOf = ({ scheme }: StoredHash) => (scheme === 'bcrypt' ? scheme : undefined)

/** One comparison, and whatever is missing to the work of one hash of the target when it fails. */
function compare(password: string, stored: StoredHash | undefined, isStandIn: boolean, target: HashTarget): boolean {
  if (!stored) return burn(password, target)
  if (matchesHash(password, stored) && !isStandIn) return true
  const comparison = compareToNew(stored, target)
  if (comparison === 'other') burn(password, target)
  if (comparison === 'cheaper') topUp(password, stored, target)
  return false
}

/** An old, cheaper hash takes no less time than none at all. */
function topUp(password: string, stored: StoredHash, { bcryptCost }: HashTarget): void {
  if (stored.scheme === 'bcrypt') {
    // 2^c + 2^c + 2^(c+1) + … + 2^(target-1) = 2^target
    for (let cost = stored.cost; cost < bcryptCost; cost++) burnBcrypt(password, cost)
  } else if (stored.scheme === 'argon2id') {
    const missing = (blocksOf(argon2idParameters) - blocksOf(stored)) / argon2idParameters.passes
    burnArgon2id(password, { ...argon2idParameters, memoryKib: Math.max(8, Math.ceil(missing)) })
  }
}

/** The work of one hash, for nothing: with the given password and by the same steps, or it would be a little faster. */
function burn(password: string, { scheme, bcryptCost }: HashTarget): false {
  if (scheme === 'bcrypt') burnBcrypt(unhashable(password) ? 'no password' : password, bcryptCost)
  else burnArgon2id(password, argon2idParameters)
  return false
}

function burnArgon2id(password: string, parameters: Pick<Argon2idHash, 'memoryKib' | 'passes' | 'parallelism'>): void {
  matchesHash(password, { scheme: 'argon2id', ...parameters, salt: filler.subarray(0, 16), tag: filler })
}

function burnBcrypt(password: string, cost: number): void {
  compareSync(password, `$2b$${String(cost).padStart(2, '0')}$${bcryptFiller}`)
}

const filler = randomBytes(32)
/** A salt and a digest in bcrypt's alphabet. */
const bcryptFiller = randomBytes(53).toString('base64').replaceAll('+', '.').slice(0, 53)
