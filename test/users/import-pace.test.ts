/** An import beside a service: it rests as long as it worked, and hashes nothing for nothing. */
import t, { type Test } from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { createPasswordPolicy } from '../../src/passwords/password-policy.ts'
import { createImportService } from '../../src/users/import/import-service.ts'
import type { UserRecord } from '../../src/users/import/user-records.ts'

async function importing(t: Test) {
  const stores = await openSqliteStores(':memory:', () => 1000, true)
  const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 2, queue: 100 })
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
  const policy = createPasswordPolicy(8, 'bcrypt')
  const service = createImportService({ users, hasher, policy, hashesAtOnce: 8, audit: () => {} })
  const run = (records: readonly object[]) =>
    service.importFrom(recordsOf(records), { signal: new AbortController().signal, refused() {}, progress() {} })
  return { run, commits, hasher }
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
