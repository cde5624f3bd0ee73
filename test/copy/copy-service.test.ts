/** A copy is only a database of its own when it is equal to its source. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { copyDatabase } from '../../src/copy/copy-service.ts'
import { openStores, openTransferTarget, withTransferSource } from '../../src/engines/open-stores.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'

const users = 1200 // several batches, also of those that are compared

/** How often a copy was told to be at its end. */
let ends = 0

/** Turns of the event loop, in which a signal could be heard. */
let turns = 0
const turnsAtBatches: number[] = []

async function place(t: Test, spoil = '') {
  const folder = await temporaryFolder(t)
  const [from, to] = ['from', 'to'].map(name => ({
    database: { engine: 'sqlite', path: join(folder, `${name}.db`) } as const,
  })) as [{ database: { engine: 'sqlite'; path: string } }, { database: { engine: 'sqlite'; path: string } }]
  const source = await openStores(from, movableClock())
  await source.users.seed(
    Array.from({ length: users }, (_, i) => {
      return { userId: `u${i}`, username: `n${i}`, email: null, role: 'user', passwordHash: null }
    }),
  )
  await source.close()
  await (await openStores(to, movableClock())).close()
  const database = new DatabaseSync(to.database.path)
  database.exec(spoil)
  database.close()

  /** @param stopAt the number of rows after which it is stopped */
  const copy = (restart = false, stopAt = Number.POSITIVE_INFINITY) =>
    withTransferSource(from, async source => {
      const target = await openTransferTarget(to)
      const stop = new AbortController()
      const progress = (done: number, total: number, phase: string) => {
        if (done === total) ends++
        if (phase === 'compared') turnsAtBatches.push(turns)
        if (done >= stopAt) stop.abort(new Error('stopped'))
      }
      return copyDatabase(source, target, restart, { signal: stop.signal, progress }).finally(() => target.close())
    })
  return { copy, to, open: () => openStores(to, movableClock()), openSource: () => openStores(from, movableClock()) }
}

for (const [what, spoil] of [
  [
    'another value',
    `CREATE TRIGGER spoil AFTER INSERT ON users WHEN new.user_id = 'u9' BEGIN
      UPDATE users SET role = 'admin' WHERE user_id = 'u9'; END`,
  ],
  [
    'a row less',
    `CREATE TRIGGER spoil AFTER INSERT ON users WHEN new.user_id = 'u9' BEGIN
      DELETE FROM users WHERE user_id = 'u1'; END`,
  ],
] as const) {
  t.test(`a copy with ${what} is noticed, and stays unfinished`, async t => {
    const { copy, open, to } = await place(t, spoil)
    await t.rejects(copy(), /the users of the target differ/)
    await t.rejects(open(), /unfinished copy/)
    t.notOk(existsSync(`${to.database.path}-wal`), 'who refuses it closes it')
  })
}

t.test('a copy whose end could not be written has failed', async t => {
  const refuses = `CREATE TRIGGER refuses BEFORE DELETE ON meta WHEN old.name = 'unfinished_copy' BEGIN
    SELECT RAISE(ABORT, 'the end is refused'); END`
  const { copy, open } = await place(t, refuses)
  await t.rejects(copy(), /the end is refused/)
  await t.rejects(open(), /unfinished copy/)
})

t.test('between two batches the event loop gets its turn, or no signal would be heard', async t => {
  const { copy } = await place(t)
  turnsAtBatches.length = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  count()
  await copy().finally(() => {
    isOver = true
  })
  t.ok(turnsAtBatches.length >= 3)
  t.equal(new Set(turnsAtBatches).size, turnsAtBatches.length)
})

t.test('a copy stopped at any moment, also while it compares, stays unfinished and can be begun again', async t => {
  const { copy, open } = await place(t)
  let restart = false
  ends = 0
  for (const stopAt of [1, users - 1, users, users + 1, 2 * users]) {
    await t.rejects(copy(restart, stopAt), /stopped/, `after ${stopAt} rows`)
    await t.rejects(open(), /unfinished copy/)
    restart = true
  }
  t.equal(ends, 1, 'its last row, compared, is all that there is to do')
  t.match(await copy(true), { users, sessions: 0, signing_keys: 0, attempts: 0, mails: 0 })
  const stores = await open()
  t.match(await stores.users.findById(`u${users - 1}`), { username: `n${users - 1}` })
  await stores.close()
})

t.test('a mail that could not be sent is sent from one of the two databases only', async t => {
  const { copy, open, openSource } = await place(t)
  const source = await openSource()
  const mail = { id: 'm', purpose: 'invite', userId: 'u1', address: 'a@example.com', language: 'en' } as const
  await source.mails.replace({ ...mail, lastsSeconds: 600 }, 1)
  await source.mails.failed('m', '451', 60)
  await source.close()
  await copy()
  const stores = await open()
  t.ok(await stores.mails.find('m'), 'its link is one in both')
  t.equal(await stores.mails.retry(), 0)
  await stores.close()
})
