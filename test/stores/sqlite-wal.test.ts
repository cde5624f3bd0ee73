/** The WAL has a size limit, and keeping it costs the event loop nothing. */
import { renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createCheckpoints } from '../../src/engines/sqlite/checkpoints.ts'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { temporaryFolder, waitUntil } from '../helpers/process.ts'

const mebibyte = 1024 * 1024

async function opened(t: Test) {
  const path = join(await temporaryFolder(t), 'signet.db')
  const database = await openSqliteDatabase(path)
  t.teardown(() => database.close())
  await database.write(() => database.raw.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text BLOB) STRICT'))
  const insert = database.raw.prepare('INSERT OR REPLACE INTO notes VALUES (?, randomblob(?))')
  return { path, database, insert, walBytes: () => statSync(`${path}-wal`).size }
}

t.test('a WAL that grew behind a long reader is cut when the reader has gone, and nothing in it is lost', async t => {
  const { path, database, insert, walBytes } = await opened(t)
  const reader = new DatabaseSync(path, { readOnly: true })
  reader.exec('BEGIN')
  reader.prepare('SELECT count(*) FROM notes').get()
  for (let i = 0; i < 10; i++) await database.write(() => insert.run(i, 2 * mebibyte))
  t.ok(walBytes() > 16 * mebibyte, 'while it reads, nothing may be thrown away')
  reader.close()

  const before = performance.eventLoopUtilization()
  await waitUntil(async () => {
    await database.write(() => insert.run(100, 10)) // as a service goes on
    return walBytes() <= 16 * mebibyte
  })
  const { utilization } = performance.eventLoopUtilization(before)

  t.ok(utilization < 0.6, `the event loop was busy for ${Math.round(utilization * 100)} % of the time`)
  t.equal(database.raw.prepare('SELECT count(*) AS count FROM notes').get()?.['count'], 11)
  t.match(database.raw.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' })
})

t.test('writing without a pause never lets the WAL grow, also while another process writes', async t => {
  const { path, database, insert, walBytes } = await opened(t)
  const other = new DatabaseSync(path, { timeout: 5000 })
  t.teardown(() => other.close())
  const otherInsert = other.prepare('INSERT OR REPLACE INTO notes VALUES (?, randomblob(7000))')
  let largest = 0

  for (let round = 0; round < 70; round++) {
    const writes = Array.from({ length: 50 }, (_, i) => database.write(() => insert.run(i * 40 + (round % 40), 7000)))
    if (round % 3 === 0) otherInsert.run(5000 + (round % 40))
    await Promise.all(writes)
    largest = Math.max(largest, walBytes())
  }

  t.ok(largest < 24 * mebibyte, `${(largest / mebibyte).toFixed(1)} MiB at most, of more than 28 MiB written`)
})

t.test(
  'behind a long reader a checkpoint is not begun again with every commit, for each holds all writers',
  async t => {
    const { path, database, insert, walBytes } = await opened(t)
    const reader = new DatabaseSync(path, { readOnly: true })
    t.teardown(() => reader.close())
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM notes').get()
    for (let i = 0; i < 9; i++) insert.run(i, 2 * mebibyte)
    t.ok(walBytes() > 16 * mebibyte)
    const holds: Promise<unknown>[] = []
    const hold = <T>(act: () => Promise<T>) => {
      const held = act()
      holds.push(held)
      return held
    }
    const checkpoints = createCheckpoints(path, database.raw, { hold })
    checkpoints.afterCommit()
    await waitUntil(async () => holds.length > 0)
    t.match(await holds[0], { isWhole: false })
    for (let i = 0; i < 5; i++) {
      await turn()
      checkpoints.afterCommit()
    }
    await checkpoints.close()
    t.equal(holds.length, 1)
  },
)

t.test('where no thread can do it, SQLite moves the WAL by itself again', async t => {
  const { path, database, insert } = await opened(t)
  const { raw } = database
  const checkpoints = createCheckpoints(path, raw, { hold: act => act() })
  t.match(raw.prepare('PRAGMA wal_autocheckpoint').get(), { wal_autocheckpoint: 0 })
  raw.exec('BEGIN')
  for (let i = 0; i < 1500; i++) insert.run(i, 100)
  raw.exec('COMMIT')
  renameSync(path, `${path}.away`) // so that the thread does not find it
  checkpoints.afterCommit()
  await checkpoints.close()
  renameSync(`${path}.away`, path)
  t.match(raw.prepare('PRAGMA wal_autocheckpoint').get(), { wal_autocheckpoint: 1000 })
})

t.test('closing waits for a checkpoint that runs, and leaves one file', async t => {
  const { path, database, insert } = await opened(t)
  await database.write(() => {
    for (let i = 0; i < 1500; i++) insert.run(i, 100)
  })
  await database.close()
  t.equal(statSync(`${path}-wal`, { throwIfNoEntry: false }), undefined)
  const copy = new DatabaseSync(path, { readOnly: true })
  t.equal(copy.prepare('SELECT count(*) AS count FROM notes').get()?.['count'], 1500)
  copy.close()
})
