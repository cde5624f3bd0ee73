import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { migrate, steps } from '../../src/engines/sqlite/migrations.ts'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { testAddresses } from './addresses.contract.ts'
import { testAdmins } from './admins.contract.ts'
import { testAttempts } from './attempts.contract.ts'
import { testChallenges } from './challenges.contract.ts'
import { testConfirming } from './confirming.contract.ts'
import { testEnding } from './ending.contract.ts'
import { testFactors } from './factors.contract.ts'
import { testKeys } from './keys.contract.ts'
import { testKnownAttempts } from './known-attempts.contract.ts'
import { testLimits } from './limits.contract.ts'
import { testMails } from './mails.contract.ts'
import { testRotations } from './rotations.contract.ts'
import { testSessionLimit } from './session-limit.contract.ts'
import { testBackup, testListing } from './sessions-listing.contract.ts'
import { type Engine, testStores } from './stores.contract.ts'
import { testTransfer } from './transfer.contract.ts'
import { testUsers } from './users.contract.ts'

const engine: Engine = {
  name: 'SQLite',
  async open(t, clock, where) {
    const path = where ?? join(await temporaryFolder(t), 'signet.db')
    const stores = await openSqliteStores(path, clock)
    t.teardown(() => stores.close())
    return { stores, where: path }
  },
}

testStores(t, engine)
testRotations(t, engine)
testUsers(t, engine)
testMails(t, engine)
testAddresses(t, engine)
testAttempts(t, engine)
testKnownAttempts(t, engine)
testLimits(t, engine)
testKeys(t, engine)
testFactors(t, engine)
testChallenges(t, engine)
testListing(t, engine)
testSessionLimit(t, engine)
testConfirming(t, engine)
testEnding(t, engine)
testAdmins(t, engine)
testTransfer(t, engine)
testBackup(t, engine)

t.test('the database file and its companions are for their owner only, in a folder made for them', async t => {
  const path = join(await temporaryFolder(t), 'new', 'signet.db')
  const stores = await openSqliteStores(path, movableClock())
  t.teardown(() => stores.close())
  for (const file of [path, `${path}-wal`, `${path}-shm`]) t.equal((await stat(file)).mode & 0o777, 0o600, file)
})

t.test('a write waits for another process and then happens', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const stores = await openSqliteStores(path, movableClock())
  const other = new DatabaseSync(path)
  t.teardown(() => stores.close())
  other.exec('BEGIN IMMEDIATE')

  const waiting = stores.limits.increment('key', 60)
  setTimeout(() => other.exec('COMMIT'), 150)

  t.match(await waiting, { count: 1 })
  other.close()
})

t.test('a file of the first schema is brought up to date, and nobody is logged out', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const clock = movableClock()
  const sid = 's'.repeat(22)
  const database = new DatabaseSync(path)
  database.exec(`${steps[0]}; PRAGMA user_version = 1;
    INSERT INTO meta VALUES ('salt', randomblob(32));
    INSERT INTO users (user_id, username, email, role, password_hash, created_at)
    VALUES ('id-a', 'a', 'a@example.com', 'user', 'as it was', 1);
    INSERT INTO sessions (sid, user_id, created_at, expires_at, max_expires_at)
    VALUES ('${sid}', 'id-a', ${clock()}, ${clock() + 1000}, ${clock() + 9000})`)
  database.close()

  const after = await openSqliteStores(path, clock)
  t.match(after.schema, { found: 1, current: steps.length })
  t.match((await after.sessions.find(sid))?.session, { generation: 0, authTime: clock(), amr: ['pwd'] })
  t.match(await after.users.findById('id-a'), { foreignHash: true }, 'nobody knows who made a hash of before')
  t.match(await after.users.findByEmail('a@example.com'), { emailVerified: true }, 'an address of before is proven')
  t.equal(await after.users.isSeeded(), true, 'and whoever has users has been seeded')
  t.equal(await after.sessions.deleteEnded(0, 10), 0, 'nothing is due before it expires')
  t.match(await after.users.sampleHashes(10), [{ passwordHash: 'as it was' }], 'users of before are in the sample')
  clock.advance(1001)
  t.equal(await after.sessions.deleteEnded(0, 10), 1)
  await after.close()
})

t.test('of two that bring a file up to date at the same moment one takes the steps, and both have it', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const database = new DatabaseSync(path)
  database.exec(`${steps[0]}; PRAGMA user_version = 1`)
  database.close()
  const both = await Promise.all([1, 2].map(() => openSqliteStores(path, movableClock())))
  t.strictSame(both.map(({ schema }) => schema.found).toSorted(), [1, steps.length])
  t.strictSame(both[0]?.salt, both[1]?.salt)
  for (const stores of both) await stores.close()
})

t.test('each database in memory is made like one in a file, with a salt of its own', async t => {
  const folder = await temporaryFolder(t)
  const salts = new Set<string>()
  const made = async (path: string) => {
    const { raw, close, ...database } = await openSqliteDatabase(path)
    t.match(await migrate({ raw, close, ...database }), { found: 0, current: steps.length })
    salts.add(raw.prepare("SELECT hex(value) AS salt FROM meta WHERE name = 'salt'").get()?.['salt'] as string)
    const tables = raw.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'meta'").all()
    const state = {
      schema: raw.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all(),
      version: raw.prepare('PRAGMA user_version').get(),
      rows: tables.map(({ name }) => raw.prepare(`SELECT count(*) FROM ${name}`).get()),
    }
    await close()
    return state
  }
  const inFile = await made(join(folder, 'signet.db'))
  for (let i = 0; i < 3; i++) t.strictSame(await made(':memory:'), inFile)
  t.equal(salts.size, 4)
})

t.test('a database of a newer version is refused, untouched', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const database = new DatabaseSync(path)
  database.exec('PRAGMA user_version = 999')
  database.close()
  await t.rejects(openSqliteStores(path, movableClock()), /schema 999/)
})

t.test('a file that is no database is unavailable, not overwritten', async t => {
  const { writeFile, readFile } = await import('node:fs/promises')
  const path = join(await temporaryFolder(t), 'notes.txt')
  await writeFile(path, 'these are my notes, and certainly not a database\n'.repeat(100))
  await t.rejects(openSqliteStores(path, movableClock()), { code: 'unavailable' })
  t.match(await readFile(path, 'utf8'), /^these are my notes/)
})
