/** An import beside a service: it rests as long as it worked, hashes nothing for nothing, and keeps every thread busy. */
import t, { type Test } from 'tap'
import { createAdministration } from '../../src/domain.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { createPasswordPolicy } from '../../src/passwords/password-policy.ts'
import type { UserRecord } from '../../src/users/import/user-records.ts'

const threads = 2

async function importing(t: Test) {
  const stores = await openSqliteStores(':memory:', () => 1000, true)
  const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads, queue: 100 })
  t.teardown(() => Promise.all([stores.close(), hasher.close()]))
  const commits: { beganAt: number; endedAt: number }[] = []
  const users = {
    ...stores.users,
    async importMissing(given: Parameters<typeof stores.users.importMissing>[0]) {
      const beganAt = performance.now()
      while (performance.now() < beganAt + 15); // a disk that takes long
      const outcomes = await stores.users.importMissing(given)
      commits.push({ beganAt, endedAt: performance.now() })
      return outcomes
    },
  }
  const hashing = { now: 0, most: 0 }
  const counted: typeof hasher = {
    ...hasher,
    async hash(...given) {
      hashing.most = Math.max(hashing.most, ++hashing.now)
      return hasher.hash(...given).finally(() => hashing.now--)
    },
  }
  const { imports } = createAdministration({
    config: { hashThreads: threads },
    stores: { ...stores, users },
    policy: createPasswordPolicy(8, 'bcrypt'),
    hasher: counted,
    revocations: { add() {} },
    audit() {},
  })
  const run = (records: readonly object[]) =>
    imports.importFrom(recordsOf(records), { signal: new AbortController().signal, refused() {}, progress() {} })
  return { run, commits, hasher, hashing }
}

async function* recordsOf(values: readonly object[]): AsyncGenerator<UserRecord> {
  for (const [i, value] of values.entries()) yield { line: i + 1, bytes: i + 1, read: { value } }
}

t.test('after each commit it rests for as long as that took, for everybody else', async t => {
  const { run, commits } = await importing(t)
  t.match(await run(Array.from({ length: 200 }, (_, i) => ({ username: `user-${i}` }))), { inserted: 200 })
  t.ok(commits.length > 3)
  for (const [i, { beganAt }] of commits.entries()) {
    const before = commits[i - 1]
    if (before) t.ok(beganAt - before.endedAt >= (before.endedAt - before.beganAt) * 0.9)
  }
})

t.test('who exists is not hashed again when an import is repeated', async t => {
  const { run, hasher } = await importing(t)
  const records = Array.from({ length: 20 }, (_, i) => ({ username: `user-${i}`, password: `a long sentence ${i}` }))
  t.match(await run(records), { inserted: 20, skipped: 0 })
  t.equal(hasher.load().hashes, 20)
  t.match(await run(records), { inserted: 0, skipped: 20 })
  t.equal(hasher.load().hashes, 20)
})

t.test('passwords are hashed by all threads at once, with more of them at hand', async t => {
  const { run, hashing } = await importing(t)
  await run(Array.from({ length: 6 }, (_, i) => ({ username: `user-${i}`, password: `a long sentence ${i}` })))
  t.ok(hashing.most > threads, `${hashing.most} at once`)
})
