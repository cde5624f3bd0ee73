/** What was answered is on disk, whole, and visible to everybody; a copy is of one moment. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'

async function opened(t: Test) {
  const path = join(await temporaryFolder(t), 'signet.db')
  const stores = await openSqliteStores(path, movableClock())
  const other = new DatabaseSync(path)
  t.teardown(async () => {
    other.close()
    await stores.close()
  })
  const read = (sql: string) => Object.values(other.prepare(sql).get() ?? {})[0]
  return { path, stores, other, read }
}

t.test('a commit waits for the disk, and readers for nobody', async t => {
  const database = await openSqliteDatabase(join(await temporaryFolder(t), 'signet.db'))
  t.teardown(() => database.close())
  t.match(database.raw.prepare('PRAGMA synchronous').get(), { synchronous: 2 }, 'FULL')
  t.match(database.raw.prepare('PRAGMA journal_mode').get(), { journal_mode: 'wal' })
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
