/** How long a hash takes, which is what a stranger with a watch can learn of it. */
import type { PasswordScheme } from './password-policy.ts'
import { type Argon2idHash, argon2idParameters, memoryKibOf, type StoredHash } from './stored-hash.ts'

/** The scheme of new hashes, and with it the work of every failure. */
export interface HashTarget {
  readonly scheme: PasswordScheme
  readonly bcryptCost: number
}

/**
 * How a hash stands to new ones. `cheaper` can be topped up to the same work; `dearer` and `other` (of another scheme)
 * take another time than a new one, whatever is done.
 */
export function compareToNew(hash: StoredHash, target: HashTarget): 'same' | 'cheaper' | 'dearer' | 'other' {
  if (hash.scheme !== target.scheme) return 'other'
  if (hash.scheme === 'bcrypt') {
    if (hash.cost === target.bcryptCost) return 'same'
    return hash.cost < target.bcryptCost ? 'cheaper' : 'dearer'
  }
  if (hash.scheme !== 'argon2id') return 'other' // no scheme of new hashes: only for the compiler
  const { memoryKib, passes, parallelism } = argon2idParameters
  if (hash.memoryKib === memoryKib && hash.passes === passes && hash.parallelism === parallelism) return 'same'
  return blocksOf(hash) < blocksOf(argon2idParameters) ? 'cheaper' : 'dearer'
}

/** How many blocks of 1 KiB argon2id fills (RFC 9106 section 3.2); lanes divide them and add none. */
export function blocksOf({ memoryKib, passes }: Pick<Argon2idHash, 'memoryKib' | 'passes'>): number {
  return memoryKib * passes
}

/** About how long a core takes. The order is what matters, and it is the same on every machine. */
export function estimatedMilliseconds(hash: StoredHash): number {
  switch (hash.scheme) {
    case 'bcrypt':
    case 'wordpress':
      return 400 * 2 ** (hash.cost - 12)
    case 'argon2id':
      return (40 * blocksOf(hash)) / blocksOf(argon2idParameters)
    case 'pbkdf2':
      return (hash.rounds / 2000) * Math.ceil(hash.tag.length / digestBytes[hash.digest])
    default:
      return (hash.parallelism * memoryKibOf(hash)) / 300
  }
}

const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const

/** A first guess; the real time is learned with every hash. */
export function estimatedMillisecondsOfNew({ scheme, bcryptCost }: HashTarget): number {
  return scheme === 'argon2id' ? 40 : 400 * 2 ** (bcryptCost - 12)
}

export function memoryKibOfNew({ scheme }: HashTarget): number {
  return scheme === 'argon2id' ? argon2idParameters.memoryKib : 0
}
