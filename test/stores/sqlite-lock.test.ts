/** Another process holds SQLite's lock: one line waits for all, nothing waits inside SQLite, and nothing is consumed. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { testApp } from '../helpers/app.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'

async function filePath(t: Test): Promise<string> {
  return join(await temporaryFolder(t), 'signet.db')
}

/** As another process would: the locks of two connections of one process are those of two processes. */
function lock(t: Test, path: string): () => void {
  const other = new DatabaseSync(path)
  t.teardown(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  return () => other.exec('COMMIT')
}

/** Whoever waits inside SQLite has no idle time at all; a busy machine takes some of it. */
const mostBusy = 0.8

/** The part of the time in which the event loop was not idle; waiting inside SQLite counts. */
async function busyShare(act: () => Promise<unknown>): Promise<number> {
  const before = performance.eventLoopUtilization()
  await act()
  return performance.eventLoopUtilization(before).utilization
}

t.test(
  'a hundred writes that wait for a lock leave the event loop free, and each is refused after two seconds',
  async t => {
    const path = await filePath(t)
    const stores = await openSqliteStores(path, movableClock())
    t.teardown(() => stores.close())
    const unlock = lock(t, path)
    const refused: { index: number; waited: number }[] = []

    const share = await busyShare(async () => {
      const writes: Promise<unknown>[] = []
      for (let index = 0; index < 100; index++) {
        const startedAt = performance.now()
        const write = stores.limits.increment('key', 60).then(
          () => void t.fail('nobody could write'),
          error => {
            t.match(error, { code: 'unavailable', status: 503, retryAfterSeconds: 1 })
            refused.push({ index, waited: performance.now() - startedAt })
          },
        )
        writes.push(write)
        await sleep(5) // each in a turn of its own, as requests come
      }
      await Promise.all(writes)
    })

    t.ok(share < mostBusy, `the event loop was busy for ${Math.round(share * 100)} % of the time`)
    t.strictSame(
      refused.map(one => one.index),
      refused.map((_, i) => i),
      'in the order in which they came',
    )
    t.ok(
      refused.every(one => one.waited > 1950),
      'each was tried for two seconds of its own',
    )
    unlock()
    t.match(await stores.limits.increment('key', 60), { count: 1 }, 'and none of them was counted')
  },
)

t.test('writes of every kind that waited for a lock happen in the order in which they came', async t => {
  const path = await filePath(t)
  const database = await openSqliteDatabase(path)
  t.teardown(() => database.close())
  const unlock = lock(t, path)
  const order: number[] = []

  const waiting: Promise<unknown>[] = []
  for (let i = 0; i < 20; i++) {
    waiting.push((i % 3 === 0 ? database.transaction : database.write)(() => order.push(i)))
    if (i % 5 === 0) await sleep(15) // retries happen in between
  }
  t.strictSame(order, [])
  unlock()
  await Promise.all(waiting)

  t.strictSame(
    order,
    order.map((_, i) => i),
  )
  t.equal(order.length, 20)
})

t.test('readers who are locked out, too, wait in line and are answered', async t => {
  const path = await filePath(t)
  const stores = await openSqliteStores(path, movableClock())
  const key = await stores.limits.increment('key', 60)
  t.match(key, { count: 1 })
  await stores.close()
  const other = new DatabaseSync(path)
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')

  const opening = openSqliteStores(path, movableClock())
  const share = await busyShare(() => sleep(300))
  other.close()

  const opened = await opening
  t.ok(share < mostBusy, `the event loop was busy for ${Math.round(share * 100)} % of the time`)
  t.equal(await opened.users.isEmpty(), true)
  await opened.close()
})

t.test(
  'while another process writes, /me and /verify answer, and logins and refreshes are refused with nothing consumed',
  async t => {
    const sqlitePath = await filePath(t)
    const { app, clock, logIn, refresh, me } = await testApp(t, { sqlitePath, loginLimitPerIp: 100 })
    const tokens = await logIn()
    clock.advance(60)
    const unlock = lock(t, sqlitePath)

    const body = { username: 'maria', password: 'demo123' }
    const login = app.inject({ method: 'POST', url: '/login', body }) // it is counted, and nobody waits for that
    const waiting = Promise.all([login, ...Array.from({ length: 20 }, () => refresh(tokens.refresh_token))])
    let answered = 0
    const share = await busyShare(async () => {
      for (let finished = false; !finished; ) {
        finished = await Promise.race([waiting.then(() => true), sleep(20, false)])
        const headers = { authorization: `Bearer ${tokens.access_token}` }
        t.equal((await me(tokens.access_token)).statusCode, 200)
        t.equal((await app.inject({ url: '/verify', headers })).statusCode, 200)
        answered++
      }
    })

    t.ok(answered > 5, `${answered} answers in two seconds`)
    t.ok(share < mostBusy, `the event loop was busy for ${Math.round(share * 100)} % of the time`)
    for (const { statusCode, headers } of await waiting) {
      t.equal(statusCode, 503)
      t.equal(headers['retry-after'], '1')
    }
    unlock()
    const answer = await refresh(tokens.refresh_token)
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers['signet-refresh'], 'rotated')
  },
)
