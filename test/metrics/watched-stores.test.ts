/** Whoever asks the database, its failures are counted, and stay failures. */
import t from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { watchStores } from '../../src/metrics/watched-stores.ts'
import type { Stores } from '../../src/stores/stores.ts'

type Acts = Record<string, (...args: unknown[]) => Promise<unknown>>

/** One act of each store that reads, whatever it is given. */
const acts: Readonly<Record<string, (stores: Stores) => Promise<unknown>>> = {
  ping: stores => stores.ping(),
  users: stores => stores.users.findById('user-1'),
  sessions: stores => stores.sessions.find('sid'),
  limits: stores => stores.limits.increment('key', 60),
  attempts: stores => stores.attempts.lift('user-1'),
  keys: stores => stores.keys.list(),
}

t.test('a failure of each store is told once, and whoever asked gets it too', async t => {
  const told: unknown[] = []
  const stores = await openSqliteStores(':memory:', () => 1000, true)
  const watched = watchStores(stores, error => void told.push(error))
  for (const act of Object.values(acts)) await act(watched)
  t.strictSame(told, [], 'what goes well is not')
  t.equal(watched.salt, stores.salt)

  await stores.close()
  for (const [name, act] of Object.entries(acts)) {
    told.length = 0
    const thrown = await act(watched).catch((error: unknown) => error)
    t.type(thrown, Error, name)
    t.equal(told.length, 1, name)
    t.equal(told[0], thrown, name)
  }
})

t.test('a store that is new is watched as well', async t => {
  const stores = await openSqliteStores(':memory:', () => 1000, true)
  t.teardown(() => stores.close())
  const watched = watchStores(stores, () => {}) as unknown as Record<string, Acts>
  for (const [name, store] of Object.entries(stores as unknown as Record<string, Acts>)) {
    if (typeof store !== 'object' || Buffer.isBuffer(store) || name === 'schema') continue
    for (const [act, method] of Object.entries(store)) {
      if (typeof method === 'function') t.not(watched[name]?.[act], method, `${name}.${act}`)
    }
  }
})
