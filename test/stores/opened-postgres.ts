/** What the tests of the PostgreSQL engine begin with. */
import type { Test } from 'tap'
import { openPostgresStores } from '../../src/engines/postgres/postgres-stores.ts'
import type { NewUser, Stores } from '../../src/stores/stores.ts'
import { serverOf } from '../helpers/postgres.ts'

export const demo: NewUser = { userId: 'id-a', username: 'a', email: null, role: 'user', passwordHash: null }
export const policy = { idleSeconds: 1000, raceWindowSeconds: 0 }
export const away = { code: 'unavailable', status: 503, retryAfterSeconds: 1 }

/** The same database, by connections whose transactions have this level of isolation unless they ask for another. */
export function atLevel(url: string, level: string): string {
  const option = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`
  return `${url}?options=${encodeURIComponent(option)}`
}

export async function opened(t: Test, url: string): Promise<Stores> {
  const stores = openPostgresStores(serverOf(url))
  t.teardown(() => stores.close())
  await stores.ping()
  return stores
}

export async function withSession(stores: Stores): Promise<string> {
  await stores.users.seed([demo])
  const lives = { idleSeconds: 1000, maxAgeSeconds: 9000, ip: null, userAgent: null }
  const view = await stores.sessions.create({ sid: 'sid', userId: 'id-a', ...lives }, 0)
  if (!view) throw new Error('no session')
  return view.session.sid
}
