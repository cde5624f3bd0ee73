/** Who is who: checking a password, and the users a new database starts with. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Audit } from '../audit.ts'
import { SignetError } from '../errors.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { User, UserStore } from '../stores/stores.ts'
import { canonicalEmail, canonicalUsername } from './user.ts'
import { parseUsers } from './user-import.ts'

export interface UserService {
  /**
   * The enabled user with this name (or e-mail address) and password.
   * @throws {SignetError} `invalid_credentials`: unknown, wrong, disabled, all after one hash; `overloaded`
   */
  checkPassword(name: string, password: string): Promise<User>
  /**
   * Loads users from NDJSON while there is none at all.
   * @returns how many were inserted
   * @throws {Error} naming the file and the line that is wrong
   */
  seedFrom(file: string): Promise<number>
}

export function createUserService(dependencies: {
  users: UserStore
  hasher: PasswordHasher
  audit: Audit
}): UserService {
  const { users, hasher, audit } = dependencies

  async function checkPassword(name: string, password: string): Promise<User> {
    // The account's reservation against guessing belongs here, before the hash (contract section 7).
    const user = await find(name)
    const matches = await hasher.verify(password, user?.passwordHash)
    if (!user || !matches || user.disabled) throw new SignetError('invalid_credentials', reasonFor(user, matches))
    return user
  }

  async function find(name: string): Promise<User | undefined> {
    const username = canonicalUsername(name)
    if (username) return users.findByUsername(username)
    const email = canonicalEmail(name)
    return email ? users.findByEmail(email) : undefined
  }

  async function seedFrom(file: string): Promise<number> {
    if (!(await users.isEmpty())) return 0
    const seeds = parseUsers(await readFile(file, 'utf8'), file)
    const rows = await Promise.all(
      seeds.map(async ({ user_id, username, email, role, password, password_hash }) => ({
        userId: user_id ?? randomBytes(16).toString('base64url'),
        username,
        email: email ?? null,
        role: role ?? 'user',
        passwordHash: password_hash ?? (password === undefined ? null : await hasher.hash(password)),
      })),
    )
    if (!(await users.seed(rows))) return 0
    audit({ event: 'users.seeded', count: rows.length })
    return rows.length
  }

  return { checkPassword, seedFrom }
}

function reasonFor(user: User | undefined, matches: boolean): string {
  if (!user) return 'login failed: no such user'
  return matches ? 'login failed: the user is disabled' : 'login failed: wrong password'
}
