/**
 * Runs in a worker thread: one password at a time, synchronously, where it stalls nobody. It also does the work that
 * makes failures cost alike.
 */
import { randomBytes } from 'node:crypto'
import { setPriority } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { compareSync, hashSync } from 'bcryptjs'
import { argon2id, matchesHash } from './matches-hash.ts'
import { normalizePassword, type PasswordScheme, passwordForms, unhashable } from './password-policy.ts'
import { argon2idParameters, formatArgon2id, parseStoredHash, type StoredHash } from './stored-hash.ts'

/** The scheme of new hashes, and with it the work of every failure. */
export interface HashTarget {
  readonly scheme: PasswordScheme
  readonly bcryptCost: number
}

export type HashTask =
  | { readonly act: 'hash'; readonly password: string; readonly target: HashTarget }
  | {
      readonly act: 'verify'
      /** As it was sent. */
      readonly password: string
      readonly hash: string | null
      /** Whether another maker may have made the hash. */
      readonly foreign: boolean
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
function verify({ password, hash, foreign, target }: Extract<HashTask, { act: 'verify' }>): Verdict {
  const stored = hash === null ? undefined : parseStoredHash(hash)
  for (const [i, form] of passwordForms(password).entries()) {
    const mayMatch = stored && (i === 0 || foreign) && !unhashable(form, foreign ? undefined : limitOf(stored))
    if (!compare(form, mayMatch ? stored : undefined, target)) continue
    const isOurs = i === 0 && stored && !isOutdated(stored, target)
    return isOurs || unhashable(normalizePassword(password), target.scheme) ? 'right' : 'outdated'
  }
  return 'wrong'
}

/** Only bcrypt has a longest password; whoever made a foreign hash cut it off there, as bcrypt does by itself. */
const limitOf = ({ scheme }: StoredHash) => (scheme === 'bcrypt' ? scheme : undefined)

/** One comparison, and whatever is missing to the work of one hash of the target when it fails. */
function compare(password: string, stored: StoredHash | undefined, target: HashTarget): boolean {
  if (!stored) return burn(password, target)
  if (matchesHash(password, stored)) return true
  if (stored.scheme !== target.scheme) return burn(password, target)
  // 2^c + 2^c + 2^(c+1) + … + 2^(target-1) = 2^target: an old, cheaper hash takes no less time than none at all.
  if (stored.scheme === 'bcrypt')
    for (let cost = stored.cost; cost < target.bcryptCost; cost++) burnBcrypt(password, cost)
  return false
}

/** Whether it is weaker than, or of another scheme than, what new ones are. */
function isOutdated(hash: StoredHash, { scheme, bcryptCost }: HashTarget): boolean {
  if (hash.scheme !== scheme) return true
  if (hash.scheme === 'argon2id') {
    return hash.memoryKib < argon2idParameters.memoryKib || hash.passes < argon2idParameters.passes
  }
  return hash.scheme === 'bcrypt' && hash.cost < bcryptCost
}

/** The work of one hash, for nothing: with the given password and by the same steps, or it would be a little faster. */
function burn(password: string, { scheme, bcryptCost }: HashTarget): false {
  if (scheme === 'bcrypt') burnBcrypt(unhashable(password) ? 'no password' : password, bcryptCost)
  else matchesHash(password, { scheme, ...argon2idParameters, salt: filler.subarray(0, 16), tag: filler })
  return false
}

function burnBcrypt(password: string, cost: number): void {
  compareSync(password, `$2b$${String(cost).padStart(2, '0')}$${bcryptFiller}`)
}

const filler = randomBytes(32)
/** A salt and a digest in bcrypt's alphabet. */
const bcryptFiller = randomBytes(53).toString('base64').replaceAll('+', '.').slice(0, 53)
