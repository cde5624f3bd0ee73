/** Who lives in the lab: the users of practice, with proven addresses, and one pool of threads that knows their passwords. */
import { createPasswordHasher, type PasswordHasher } from '../passwords/password-hash.ts'

export interface People {
  readonly hasher: PasswordHasher
  /** NDJSON for `SEED_USERS_FILE`. Hashed once: every beginning would pay for it again. */
  readonly users: Promise<string>
}

export const bcryptCost = 10

const users = [
  { user_id: 'user-1', username: 'thirdy', email: 'thirdy@example.com', role: 'admin' },
  { user_id: 'user-2', username: 'maria', email: 'maria@example.com', role: 'user' },
]

export function createPeople(): People {
  const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost, threads: 2, queue: 100 })
  const lines = users.map(async user => JSON.stringify({ ...user, password_hash: await hasher.hash('demo123') }))
  return { hasher, users: Promise.all(lines).then(all => all.join('\n')) }
}
