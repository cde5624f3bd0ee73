/** The first users of a database, from the file that `SEED_USERS_FILE` names. */
import { createReadStream } from 'node:fs'
import type { Audit } from '../../base/audit.ts'
import { SignetError } from '../../base/errors.ts'
import { asThrown } from '../../base/thrown.ts'
import type { PasswordHasher } from '../../passwords/password-hash.ts'
import type { PasswordPolicy } from '../../passwords/password-policy.ts'
import type { UserStore } from '../../stores/stores.ts'
import { linesOf } from './import-lines.ts'
import { type ImportedUser, newUserOf, readUserLine } from './user-import.ts'

interface Dependencies {
  readonly users: UserStore
  readonly hasher: PasswordHasher
  readonly policy: PasswordPolicy
  readonly audit: Audit
}

/**
 * Loads users from NDJSON, once in the life of a database and only while it has none.
 * @returns how many were inserted
 * @throws {SignetError} `unavailable` when the database is away
 * @throws {Error} naming the variable, the file and the line that is wrong
 */
export async function seedUsers(dependencies: Dependencies, file: string): Promise<number> {
  try {
    return await seed(dependencies, file)
  } catch (error) {
    if (error instanceof SignetError && error.code === 'unavailable') throw error
    throw new Error(`SEED_USERS_FILE: ${asThrown(error).message}`, { cause: error })
  }
}

async function seed({ users, hasher, policy, audit }: Dependencies, file: string): Promise<number> {
  if (await users.isSeeded()) return 0
  const isFree = await users.isEmpty()
  const seeds = isFree ? await readSeeds(file, policy, hasher) : []
  if (isFree && seeds.length === 0) return 0 // nobody in it yet: that was no seeding
  const hashed = async (user: ImportedUser) =>
    newUserOf(user, user.password === undefined ? undefined : await hasher.hash(user.password, 'patient'))
  if (!(await users.seed(await Promise.all(seeds.map(hashed))))) return 0
  audit({ event: 'users.seeded', count: seeds.length })
  return seeds.length
}

async function readSeeds(file: string, { scheme }: PasswordPolicy, hasher: PasswordHasher): Promise<ImportedUser[]> {
  const seeds: ImportedUser[] = []
  for await (const { line, text } of linesOf(createReadStream(file))) {
    if (text?.trim() === '') continue
    const read = text === undefined ? { mistake: 'is too long or not UTF-8' } : readUserLine(text, scheme, hasher)
    if ('mistake' in read) throw new Error(`${file}, line ${line}: ${read.mistake}`)
    seeds.push(read.user)
  }
  return seeds
}
