/**
 * Runs in a worker thread: one password at a time, synchronously, where it stalls nobody. It also does the work that
 * makes failures cost alike.
 */
import { argon2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import { setPriority } from 'node:os'
import { compareSync, genSaltSync, hashSync } from 'bcryptjs'
import { type PasswordScheme, unhashable } from './password-policy.ts'
import { type Argon2idHash, argon2idParameters, formatArgon2id, parseStoredHash } from './stored-hash.ts'

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

// On Linux a nice value belongs to the thread: hashing yields to the event loop when both want a core.
if (process.platform === 'linux') setPriority(0, 10)

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
  if (!stored || unhashable(password, stored.scheme)) return burn(target)

  if (stored.scheme === 'argon2id') {
    const matches = timingSafeEqual(argon2id(password, stored, stored.tag.length), stored.tag)
    return matches || (target.scheme === 'bcrypt' && burn(target))
  }
  if (compareSync(password, stored.text)) return true
  if (target.scheme === 'argon2id') return burn(target)
  // 2^c + 2^c + 2^(c+1) + … + 2^(target-1) = 2^target: an old, cheaper hash takes no less time than none at all.
  for (let cost = stored.cost; cost < target.bcryptCost; cost++) hashSync('no password', genSaltSync(cost))
  return false
}

/** The work of one hash, for nothing. */
function burn(target: HashTarget): false {
  hashOf('no password', target)
  return false
}

function argon2id(
  password: string,
  { memoryKib, passes, parallelism, salt }: Omit<Argon2idHash, 'scheme' | 'tag'>,
  tagLength: number,
): Buffer {
  const message = Buffer.from(password, 'utf8')
  return argon2Sync('argon2id', { message, nonce: salt, parallelism, tagLength, memory: memoryKib, passes })
}
