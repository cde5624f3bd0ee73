/** With a large database, what happens in the background or for one user takes small steps, and others run in between. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { deleteEnded } from '../../src/sessions/housekeeping.ts'
import { createRevocations, keepEndedSeconds } from '../../src/sessions/revocations.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'

const many = 8_000

/** One user with many sessions, the first part of them ended. */
async function withMany(t: Test, endedPart: number) {
  const path = join(await temporaryFolder(t), 'signet.db')
  const clock = movableClock()
  const stores = await openSqliteStores(path, clock)
  t.teardown(() => stores.close())
  await stores.users.create({ userId: 'id-a', username: 'a', email: null, role: 'user', passwordHash: null })
  const raw = new DatabaseSync(path)
  raw.exec(`
    WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < ${many})
    INSERT INTO sessions (sid, user_id, created_at, expires_at, due_at, max_expires_at, revoked_at, revoke_reason)
    SELECT printf('%05d', i), 'id-a', 1, ${clock() + 1000}, ${clock() + 1000}, ${clock() + 2000},
      iif(i <= ${many * endedPart}, ${clock()}, NULL), iif(i <= ${many * endedPart}, 'logout', NULL)
    FROM number`)
  raw.close()
  return { stores, clock }
}

/** How often the event loop came round meanwhile. */
async function turnsDuring(act: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  await act()
  isOver = true
  return turns
}

t.test('all sessions of a user are ended in many commits, each of them once', async t => {
  const { stores } = await withMany(t, 0.5)
  let ended: string[] = []
  const turns = await turnsDuring(async () => {
    ended = (await stores.sessions.revokeAll('id-a', 'admin')).map(one => one.sid)
  })
  t.equal(new Set(ended).size, many / 2)
  t.equal(ended.length, many / 2)
  t.ok(turns >= 20, `${turns} turns`)
  t.strictSame(await stores.sessions.list('id-a'), [])
  t.strictSame(await stores.sessions.revokeAll('id-a', 'admin'), [])
})

t.test('a full load of what was revoked lets others run between its pages', async t => {
  const { stores, clock } = await withMany(t, 1)
  const revocations = createRevocations(stores.sessions, clock, 900)
  const turns = await turnsDuring(() => revocations.poll())
  t.equal(revocations.size, many)
  t.ok(turns >= 1, `${turns} turns`)
})

t.test('what has ended is deleted in steps as small as a slow disk needs', async t => {
  const { stores, clock } = await withMany(t, 0.1)
  clock.advance(keepEndedSeconds + 1)
  const steps: number[] = []
  const sessions = {
    ...stores.sessions,
    async deleteEnded(keepSeconds: number, limit: number) {
      steps.push(limit)
      await sleep(20)
      return stores.sessions.deleteEnded(keepSeconds, limit)
    },
  }
  const clocks = { sinceJump: () => Number.POSITIVE_INFINITY }
  await deleteEnded({ ...stores, sessions }, clocks, () => steps.length === 10)
  t.ok((steps[0] ?? 0) <= 100)
  t.equal(steps.at(-1), 20)
})
