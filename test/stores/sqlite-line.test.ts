/** The line before SQLite: how a group is committed and answered. */
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createLine } from '../../src/engines/sqlite/group-commit.ts'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { kindOf } from '../../src/engines/sqlite/sqlite-errors.ts'
import { temporaryFolder, waitUntil } from '../helpers/process.ts'

/** Every act succeeds, and nothing is synced. @param groups is told how many there were in each */
function lineOf(groups: number[] = []) {
  return createLine(
    acts => {
      groups.push(acts.length)
      return acts.map(act => ({ value: act() }))
    },
    () => undefined,
  )
}

t.test('a group is answered a few in a turn, in order, so that others get theirs', async t => {
  const groups: number[] = []
  const line = lineOf(groups)
  const answered: number[] = []
  const all = Promise.all(
    Array.from({ length: 50 }, (_, i) => line.enter(() => i).then(answer => answered.push(answer))),
  )
  const inATurn: number[] = []
  while (answered.length < 50) {
    const before = answered.length
    await turn()
    inATurn.push(answered.length - before)
  }
  await all

  t.strictSame(groups, [50], 'they are one group')
  t.ok(Math.max(...inATurn) <= 8, `answered in each turn: ${inATurn.join(', ')}`)
  t.strictSame(
    answered,
    answered.map((_, i) => i),
  )
})

t.test(
  'who stands in line together is attempted in parts, a turn of the event loop each, and waits for one sync',
  async t => {
    const happened: string[] = []
    const line = createLine(
      acts => {
        happened.push(`attempt of ${acts.length}`)
        setImmediate(() => happened.push('turn'))
        return acts.slice(0, 2).map(act => ({ value: act() }))
      },
      async () => void happened.push('sync'),
    )
    const numbers = await Promise.all(Array.from({ length: 5 }, (_, i) => line.enter(() => i)))
    t.strictSame(numbers, [0, 1, 2, 3, 4])
    t.strictSame(happened.slice(0, 6), ['attempt of 5', 'turn', 'attempt of 3', 'turn', 'attempt of 1', 'sync'])
  },
)

t.test('while the line is held nobody is served: who comes then waits, and so does the rest of a group', async t => {
  const happened: string[] = []
  const line = createLine(
    acts => acts.slice(0, 1).map(act => ({ value: act() })),
    () => undefined,
  )
  const { promise, resolve: end } = Promise.withResolvers<void>()
  const hold = () => line.hold(() => promise.then(() => happened.push('over')))
  const served = [
    line.enter(() => {
      happened.push('first')
      void hold()
    }),
    line.enter(() => happened.push('of its group')),
  ]
  for (let i = 0; i < 10; i++) await turn()
  served.push(line.enter(() => happened.push('later')))
  for (let i = 0; i < 10; i++) await turn()
  end()
  await Promise.all(served)
  t.strictSame(happened, ['first', 'over', 'of its group', 'later'])
})

t.test('a hold that fails, as on a broken disk, holds nobody any more', async t => {
  const line = lineOf()
  const { promise, reject } = Promise.withResolvers<void>()
  const held = line.hold(() => promise)
  const served = line.enter(() => 'served')
  for (let i = 0; i < 3; i++) await turn()
  reject(new Error('no disk'))
  await t.rejects(held, { message: 'no disk' })
  t.equal(await served, 'served')
})

t.test('what nobody waits for shares the commit of who comes next, or has its own a moment later', async t => {
  const groups: number[] = []
  const line = lineOf(groups)
  await Promise.all([line.ride(() => {}), line.enter(() => {})])
  t.strictSame(groups, [2])
  for (let i = 0; i < 3; i++) await turn() // nobody is served any more
  void line.ride(() => {})
  await waitUntil(async () => groups.length === 2)
})

t.test('an error of SQLite is busy, an outage or a mistake, in whichever detail it comes', t => {
  // Result codes as of sqlite.org/rescode.html, with and without their extension.
  const codes = {
    busy: { BUSY: 5, BUSY_RECOVERY: 261, BUSY_SNAPSHOT: 517, LOCKED: 6, LOCKED_SHAREDCACHE: 262, PROTOCOL: 15 },
    broken: { NOMEM: 7, READONLY_DBMOVED: 1032, IOERR: 10, IOERR_FSYNC: 1034, CORRUPT_INDEX: 779, CANTOPEN: 14 },
    mistake: { ERROR: 1, CONSTRAINT: 19, CONSTRAINT_UNIQUE: 2067, MISMATCH: 20, RANGE: 25 },
  }
  for (const [kind, named] of Object.entries(codes)) {
    for (const [name, errcode] of Object.entries(named)) {
      t.equal(kindOf(Object.assign(new Error(name), { code: 'ERR_SQLITE_ERROR', errcode })), kind, name)
    }
  }
  t.equal(kindOf(Object.assign(new Error('no file'), { code: 'EBUSY', errcode: 5 })), 'mistake', 'not of SQLite')
  t.end()
})

t.test('of acts that share a commit, one that fails undoes itself and nothing of its neighbours', async t => {
  const database = await openSqliteDatabase(join(await temporaryFolder(t), 'signet.db'))
  t.teardown(() => database.close())
  const { raw, write, transaction } = database
  raw.exec('CREATE TABLE notes (name TEXT PRIMARY KEY) STRICT')
  const note = (name: string) => raw.prepare('INSERT INTO notes VALUES (?)').run(name)

  const outcomes = await Promise.allSettled([
    write(() => note('first')),
    transaction(() => {
      note('half')
      note('first')
    }),
    transaction(() => {
      note('other half')
      throw new Error('a mistake of ours')
    }),
    write(() => note('first')),
    transaction(() => note('last')),
  ])

  t.strictSame(
    outcomes.map(one => one.status),
    ['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'],
  )
  t.strictSame(
    raw
      .prepare('SELECT name FROM notes ORDER BY rowid')
      .all()
      .map(row => row['name']),
    ['first', 'last'],
  )
})

t.test(
  'a disk that is full in the middle of a group refuses all of it, and the next one writes nothing of it',
  async t => {
    const database = await openSqliteDatabase(join(await temporaryFolder(t), 'signet.db'))
    t.teardown(() => database.close())
    const { raw, write } = database
    raw.exec('CREATE TABLE notes (name TEXT PRIMARY KEY) STRICT')
    const note = (name: string) => raw.prepare('INSERT INTO notes VALUES (?)').run(name)
    // One row alone SQLite undoes with the whole transaction, several by themselves.
    const several = () =>
      raw.prepare(`INSERT INTO notes SELECT value || ? FROM json_each('[1, 2]')`).run('x'.repeat(1e5))
    const most = (pages: number) => raw.exec(`PRAGMA max_page_count = ${pages}`)

    for (const large of [several, () => note('x'.repeat(1e5))]) {
      most(10)
      const refused = await Promise.allSettled([write(() => note('before')), write(large), write(() => note('behind'))])
      for (const one of refused) t.match(one, { status: 'rejected', reason: { code: 'unavailable', message: /full/ } })
      most(1e6)
      await write(() => note('later'))
      t.strictSame(raw.prepare('SELECT name FROM notes').all(), [{ __proto__: null, name: 'later' }])
      raw.exec('DELETE FROM notes')
    }
  },
)

t.test('a group that takes long is committed in parts, and the event loop gets its turns', async t => {
  const database = await openSqliteDatabase(join(await temporaryFolder(t), 'signet.db'))
  t.teardown(() => database.close())
  const longerThanASlice = () => {
    for (const until = performance.now() + 3; performance.now() < until; );
  }
  let turns = 0
  const count = () => {
    turns++
    counting = setImmediate(count)
  }
  let counting = setImmediate(count)

  const writes = Array.from({ length: 10 }, async () =>
    database.write(() => {
      longerThanASlice()
      return turns
    }),
  )
  const inTurn = await Promise.all(writes)

  clearImmediate(counting)
  t.equal(new Set(inTurn).size, 10, `in turns ${inTurn.join(', ')}`)
})
