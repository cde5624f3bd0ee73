/** Clocks go wrong and are set right again, and nothing that was revoked is forgotten. */
import t, { type Test } from 'tap'
import { variables } from '../../src/config/variables.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { deleteEnded } from '../../src/sessions/housekeeping.ts'
import { createRevocations, keepEndedSeconds } from '../../src/sessions/revocations.ts'
import { testApp } from '../helpers/app.ts'
import { movableClock } from '../helpers/clock.ts'

const accessTokenSeconds = 900
const day = 86_400

/** One database and its instances, whose clocks go with the stopwatch until somebody sets them. */
async function prepare(test: Test) {
  const [clock, stopwatch] = [movableClock(), movableClock(0)]
  const stores = await openSqliteStores(':memory:', clock)
  const { sessions, users } = stores
  test.teardown(() => stores.close())
  await users.create({ userId: 'u', username: 'u', email: null, role: 'user', passwordHash: null })
  const asked: number[] = []
  const watched = {
    revokedSince: (...page: Parameters<typeof sessions.revokedSince>) => {
      asked.push(page[0])
      return sessions.revokedSince(...page)
    },
  }
  const start = () => createRevocations(watched, clock, accessTokenSeconds, { stopwatch })
  const begin = (sid: string, lives = 9 * day) =>
    sessions.create({ sid, userId: 'u', idleSeconds: lives, maxAgeSeconds: lives, ip: null, userAgent: null }, 0)
  const pass = (seconds: number) => {
    clock.advance(seconds)
    stopwatch.advance(seconds)
  }
  return { clock, stopwatch, stores, sessions, start, begin, pass, asked }
}

t.test('ended sessions are kept for the longest lifetime that can be configured, and a minute', async t => {
  t.equal(keepEndedSeconds, 86_460)
  t.equal(variables.properties.JWT_ACCESS_TOKEN_EXPIRES.maximum, keepEndedSeconds - 60)
  const { stores, sessions, start, begin, pass } = await prepare(t)
  await begin('s')
  await sessions.revoke('s', 'logout')
  const revocations = start()
  await revocations.poll()
  pass(keepEndedSeconds)
  await revocations.poll()
  await deleteEnded(stores, revocations.clocks, () => false)
  t.equal(revocations.size, 1, 'whatever lifetime this instance has')
  const restarted = start()
  await restarted.poll()
  t.equal(restarted.has('s'), true, 'and over a restart')
  pass(1)
  await revocations.poll()
  await deleteEnded(stores, revocations.clocks, () => false)
  t.equal(revocations.size, 0)
  t.equal(await sessions.find('s'), undefined)
})

for (const [what, seconds] of [
  ['an hour forward', 3600],
  ['a year forward', 365 * day],
  ['an hour back', -3600],
  ['a week back', -7 * day],
] as const) {
  t.test(`a clock that is ${what} for a moment forgets nothing that was revoked, before, then or after`, async t => {
    const { clock, stores, sessions, start, begin, pass } = await prepare(t)
    const revocations = start()
    const turn = async () => {
      pass(1)
      await revocations.poll()
      await deleteEnded(stores, revocations.clocks, () => false)
    }
    /** A machine that slept shows as a clock that went forward: until the next poll nothing can be known then. */
    const isRefused = (sid: string) => {
      try {
        return revocations.has(sid)
      } catch (error) {
        return (error as { code?: string }).code === 'unavailable'
      }
    }
    const sids = ['before', 'ours then', 'theirs then', 'theirs between two polls', 'after']
    for (const sid of sids) await begin(sid)
    await sessions.revoke('before', 'logout')
    for (let i = 0; i < 3; i++) await turn()

    clock.advance(seconds)
    await sessions.revoke('ours then', 'logout')
    revocations.add('ours then')
    await turn()
    await sessions.revoke('theirs then', 'logout')
    await turn()
    await sessions.revoke('theirs between two polls', 'logout')
    clock.advance(-seconds)
    t.equal(isRefused('before'), true, 'also before the next poll')
    await turn()
    await sessions.revoke('after', 'logout')
    await turn()

    for (const one of [revocations, start()]) {
      await one.poll()
      for (const sid of sids) t.equal(one.has(sid), true, sid)
    }
    pass(900 - 10)
    await turn()
    const restarted = start()
    await restarted.poll()
    for (const sid of sids) t.equal(restarted.has(sid), true, `${sid}, as long as a token may live`)
  })
}

t.test('a jump of either clock means a full load, a slow answer does not', async t => {
  const [clock, stopwatch, theirs] = [movableClock(), movableClock(0), movableClock()]
  const asked: number[] = []
  let [before, after] = [0, 0]
  const revocations = createRevocations(
    {
      async revokedSince(since) {
        asked.push(since)
        pass(before)
        const now = theirs()
        pass(after)
        return { now, revoked: [] }
      },
    },
    clock,
    accessTokenSeconds,
    { stopwatch },
  )
  /** @param takes seconds until the database looks at its clock, and until its answer is here */
  const fullLoads = async (change: () => void, takes: readonly [number, number] = [0, 0]) => {
    change()
    ;[before, after] = takes
    asked.length = 0
    await revocations.poll()
    return asked.filter(since => since === 0).length
  }
  const pass = (seconds: number) => {
    for (const one of [clock, stopwatch, theirs]) one.advance(seconds)
  }
  t.equal(await fullLoads(() => {}), 1, 'the first')
  for (const jump of [4, -4, -1, 3600, -3600]) {
    t.equal(await fullLoads(() => clock.advance(jump)), 1, `here by ${jump}`)
    t.equal(await fullLoads(() => theirs.advance(jump)), 1, `in the database by ${jump}`)
    t.equal(await fullLoads(() => pass(1)), 0, 'and then as usual')
  }
  t.equal(await fullLoads(() => pass(30)), 0, 'a late poll')
  for (const slow of [
    [8, 0],
    [0, 8],
    [4, 4],
  ] as const) {
    t.equal(await fullLoads(() => {}, slow), 0, `an answer that took ${slow.join(' and ')} seconds`)
    t.equal(revocations.clocks.ahead(), 0, 'of which nobody knows when in between it was given')
    t.equal(await fullLoads(() => {}), 0)
  }
})

t.test('a clock that was set back makes no old list fresh', async t => {
  const { clock, start, pass } = await prepare(t)
  const revocations = start()
  await revocations.poll()
  clock.advance(-3600)
  pass(10)
  t.equal(revocations.isFresh(), false)
  pass(accessTokenSeconds - 11)
  t.equal(revocations.has('s'), false)
  pass(1)
  t.throws(() => revocations.has('s'), { code: 'unavailable' })
})

t.test('more than a page of ended sessions is read to its end', async t => {
  const { sessions, start, begin } = await prepare(t)
  const sids = Array.from({ length: 10_001 }, (_, i) => `s${i}`)
  await Promise.all(sids.map(sid => begin(sid)))
  await sessions.revokeAll('u', 'logout_all')
  const revocations = start()
  await revocations.poll()
  t.equal(revocations.size, sids.length)
})

t.test("an instance whose clock is more than 5 seconds from the database's says so, and is not ready", async t => {
  const { app, clock, log } = await testApp(t)
  const ready = async () => {
    const { statusCode, headers } = await app.inject('/health/ready')
    t.equal(headers['retry-after'], statusCode === 503 ? '1' : undefined)
    return statusCode
  }
  for (const apart of [6, -6]) {
    for (const [seconds, status] of [
      [apart - Math.sign(apart), 200],
      [apart, 503],
      [apart, 503],
      [0, 200],
    ] as const) {
      log.length = 0
      app.stores.sessions.revokedSince = async () => ({ now: clock() - seconds, revoked: [] })
      await app.revocations.poll()
      t.equal(await ready(), status, `${seconds} s`)
    }
    t.match(log.join(''), /agrees with the database's again/)
  }
  log.length = 0
  app.stores.sessions.revokedSince = async () => ({ now: clock() - 3600, revoked: [] })
  for (let i = 0; i < 3; i++) await app.revocations.poll()
  const lines = log.map(line => JSON.parse(line)).filter(({ level }) => level >= 50)
  t.equal(lines.length, 1, 'once')
  t.match(lines, [{ level: 50, aheadSeconds: 3600, msg: /more than 5 seconds from the database's: not ready/ }])
})
