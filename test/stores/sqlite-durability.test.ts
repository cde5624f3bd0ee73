/** What was answered is on disk, whole, and visible to everybody; a copy is of one moment. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'

async function opened(t: Test) {
  const path = join(await temporaryFolder(t), 'signet.db')
  // A disk that is done at once, or whoever is answered too early is late enough by chance.
  const stores = await openSqliteStores(path, movableClock(), true, async () => {})
  const other = new DatabaseSync(path, { timeout: 2000 })
  t.teardown(async () => {
    other.close()
    await stores.close()
  })
  const read = (sql: string) => Object.values(other.prepare(sql).get() ?? {})[0]
  return { path, stores, other, read }
}

/** A disk that is as slow as the test wants. */
function slowDisk() {
  const waiting: (() => void)[] = []
  let begun = 0
  return {
    get begun() {
      return begun
    },
    syncFile: () => {
      begun++
      return new Promise<void>(resolve => waiting.push(resolve))
    },
    async finish() {
      while (waiting.length === 0) await turn()
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}

/** Whether it is answered by now, whatever else may run before. */
async function isAnswered(promise: Promise<unknown>): Promise<boolean> {
  let answered = false
  const note = () => {
    answered = true
  }
  promise.then(note, note)
  for (let i = 0; i < 5; i++) await turn()
  return answered
}

t.test('nobody is answered before what was seen or done is on disk, and the event loop waits for no disk', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const clock = movableClock()
  await (await openSqliteStores(path, clock)).close()
  const disk = slowDisk()
  const opening = openSqliteStores(path, clock, true, disk.syncFile)
  t.notOk(await isAnswered(opening), 'whoever wrote last may have been killed before it was on disk')
  await disk.finish()
  const stores = await opening
  const other = await openSqliteStores(path, clock)
  t.teardown(() => Promise.all([stores.close(), other.close()]))

  const write = stores.limits.increment('key', 60)
  t.notOk(await isAnswered(write), 'a write')
  const read = stores.users.isEmpty()
  t.notOk(await isAnswered(read), 'a read of the same state')
  t.equal(disk.begun, 2, 'which is synced once for both')
  const second = [stores.limits.increment('key', 60), stores.limits.increment('key', 60)]
  t.notOk(await isAnswered(Promise.race(second)), 'what comes meanwhile')
  await disk.finish()
  t.ok(await isAnswered(Promise.all([write, read])))
  t.notOk(await isAnswered(Promise.race(second)), 'is of the next sync')
  await disk.finish()
  t.strictSame(
    (await Promise.all(second)).map(({ count }) => count),
    [2, 3],
  )
  t.equal(disk.begun, 3, 'one for all of them')

  t.ok(await isAnswered(stores.users.isEmpty()), 'what is on disk is read at once')
  await other.limits.increment('key', 60)
  const foreign = stores.users.isEmpty()
  t.notOk(await isAnswered(foreign), 'what another process has written is synced by this one, too')
  await disk.finish()
  await foreign
  t.equal(disk.begun, 4)
})

t.test('when the disk fails nothing is saved or told any more, as nobody knows what is lost', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  let error: Error | undefined
  const syncFile = () => (error ? Promise.reject(error) : Promise.resolve())
  const stores = await openSqliteStores(path, movableClock(), true, syncFile)
  t.teardown(() => stores.close())
  await stores.limits.increment('key', 60)

  error = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
  const failed = { code: 'unavailable', message: /EIO/ }
  const together = await Promise.allSettled([1, 2].map(() => stores.limits.increment('key', 60)))
  for (const one of together) t.match(one, { status: 'rejected', reason: failed })
  error = undefined
  await t.rejects(stores.limits.increment('key', 60), failed, 'a later sync that succeeds proves nothing')
  await t.rejects(stores.users.isEmpty(), failed)
  await t.rejects(stores.ping(), failed, 'so it is not ready')
})

t.test('a write that is answered can be read by another process at that moment', async t => {
  const { stores, read } = await opened(t)
  for (let count = 1; count <= 3; count++) {
    await stores.limits.increment('key', 60)
    t.equal(read('SELECT count FROM limits'), count)
  }
})

t.test('a thousand writes at once are all answered and all written, and so is the one that comes later', async t => {
  const { stores, read } = await opened(t)
  const counts = await Promise.all(Array.from({ length: 1000 }, () => stores.limits.increment('key', 60)))
  t.equal(Math.max(...counts.map(({ count }) => count)), 1000)
  t.match(await stores.limits.increment('key', 60), { count: 1001 })
  t.equal(read('SELECT count FROM limits'), 1001)
})

t.test('a start of a database that is up to date writes nothing, so it waits for no writer', async t => {
  const { path, other, read } = await opened(t)
  const before = read('PRAGMA data_version')
  other.exec('BEGIN IMMEDIATE')
  const second = await openSqliteStores(path, movableClock())
  t.match(second.schema, { found: second.schema.current })
  other.exec('COMMIT')
  await second.close()
  t.equal(read('PRAGMA data_version'), before)
})

t.test('a backup is of the moment when it began, however much is written meanwhile', async t => {
  const { path, stores, other, read } = await opened(t)
  other.exec(`
    WITH RECURSIVE numbers (value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM numbers WHERE value < 20000)
    INSERT INTO limits SELECT printf('before-%0200d', value), 1, 0 FROM numbers`)
  const file = join(await temporaryFolder(t), 'copy.db')
  let steps = 0
  await stores.backup(file, () => {
    if (++steps <= 20) other.exec(`INSERT INTO limits VALUES ('meanwhile-${steps}', 1, 0)`)
  })
  t.ok(steps > 2, `${steps} steps`)
  t.ok(Number(read(`SELECT count(*) FROM limits WHERE key GLOB 'meanwhile-*'`)) > 1, path)
  const copy = new DatabaseSync(file, { readOnly: true })
  t.match(copy.prepare('SELECT count(*) AS count FROM limits').get(), { count: 20_000 })
  copy.close()
})
