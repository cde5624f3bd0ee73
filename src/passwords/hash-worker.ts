/**
 * Runs in a worker thread: one password at a time, synchronously, where it stalls nobody. It also does the work that
 * makes failures cost alike.
 */
import { argon2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import { setPriority } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { compareSync, hashSync } from 'bcryptjs'
import { type PasswordScheme, unhashable } from './password-policy.ts'
import {
  type Argon2idHash,
  argon2idParameters,
  formatArgon2id,
  parseStoredHash,
  type StoredHash,
} from './stored-hash.ts'

/** The scheme of new hashes, and with it the work of every failure. */
export interface HashTarget {
  readonly scheme: PasswordScheme
  readonly bcryptCost: number
}

export type HashTask =
  | { readonly act: 'hash'; readonly password: string; readonly target: HashTarget }
  | { readonly act: 'verify'; readonly password: string; readonly hash: string | null; readonly target: HashTarget }

export interface HashResult {
  readonly hash?: string
  readonly matches?: boolean
  readonly milliseconds: number
}

/** The pool finds the worker by the address it gives itself, as source and as compiled code. */
export const hashWorkerUrl: string = import.meta.url

// On Linux a nice value belongs to the thread: hashing yields to the event loop when both want a core. The main thread
// loads this file too, for its address.
if (process.platform === 'linux' && !isMainThread) setPriority(0, 10)

export default function work(task: HashTask): HashResult {
  const startedAt = performance.now()
  const outcome =
    task.act === 'hash'
      ? { hash: hashOf(task.password, task.target) }
      : { matches: verify(task.password, task.hash, task.target) }
  return { ...outcome, milliseconds: performance.now() - startedAt }
}

function hashOf(password: string, { scheme, bcryptCost }: HashTarget): string {
  if (scheme === 'bcrypt') return hashSync(password, bcryptCost)
  const salt = randomBytes(16)
  return formatArgon2id({ ...argon2idParameters, salt, tag: argon2id(password, { ...argon2idParameters, salt }, 32) })
}

/** One comparison, and whatever is missing to the work of one hash of the target when it fails. */
function verify(password: string, hash: string | null, target: HashTarget): boolean {
  const stored = hash === null ? undefined : parseStoredHash(hash)
  if (!stored || unhashable(password, stored.scheme)) return burn(password, target)
  if (matches(password, stored)) return true
  if (stored.scheme !== target.scheme) return burn(password, target)
  // 2^c + 2^c + 2^(c+1) + … + 2^(target-1) = 2^target: an old, cheaper hash takes no less time than none at all.
  if (stored.scheme === 'bcrypt')
    for (let cost = stored.cost; cost < target.bcryptCost; cost++) burnBcrypt(password, cost)
  return false
}

function matches(password: string, stored: StoredHash): boolean {
  if (stored.scheme === 'bcrypt') return compareSync(password, stored.text)
  return timingSafeEqual(argon2id(password, stored, stored.tag.length), stored.tag)
}

/** The work of one hash, for nothing: with the given password and by the same steps, or it would be a little faster. */
function burn(password: string, { scheme, bcryptCost }: HashTarget): false {
  if (scheme === 'bcrypt') burnBcrypt(unhashable(password, scheme) ? 'no password' : password, bcryptCost)
  else matches(password, { scheme, ...argon2idParameters, salt: filler.subarray(0, 16), tag: filler })
  return false
}

function burnBcrypt(password: string, cost: number): void {
  compareSync(password, `$2b$${String(cost).padStart(2, '0')}$${bcryptFiller}`)
}

const filler = randomBytes(32)
/** A salt and a digest in bcrypt's alphabet. */
const bcryptFiller = randomBytes(53).toString('base64').replaceAll('+', '.').slice(0, 53)

function argon2id(
  password: string,
  { memoryKib, passes, parallelism, salt }: Omit<Argon2idHash, 'scheme' | 'tag'>,
  tagLength: number,
): Buffer {
  const message = Buffer.from(password, 'utf8')
  return argon2Sync('argon2id', { message, nonce: salt, parallelism, tagLength, memory: memoryKib, passes })
}
