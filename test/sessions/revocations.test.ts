/** The revocation list in memory. */
import t, { type Test } from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { createRevocations } from '../../src/sessions/revocations.ts'
import { isProblem } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { movableClock } from '../helpers/clock.ts'

const accessTokenSeconds = 900

async function prepare(test: Test) {
  const clock = movableClock()
  const { sessions, users, close } = await openSqliteStores(':memory:', clock)
  test.teardown(close)
  await users.seed([{ userId: 'u', username: 'u', email: null, role: 'user', passwordHash: null }])
  const revocations = createRevocations(sessions, clock, accessTokenSeconds)
  const begin = (sid: string) =>
    sessions.create({ sid, userId: 'u', idleSeconds: 9000, maxAgeSeconds: 9000, ip: null, userAgent: null }, 0)
  return { clock, sessions, revocations, begin }
}

t.test('nothing is said before the first load', async t => {
  const { revocations } = await prepare(t)
  t.throws(() => revocations.has('s'), { code: 'unavailable' })
  t.equal(revocations.isFresh(), false)
  await revocations.poll()
  t.equal(revocations.has('s'), false)
  t.equal(revocations.isFresh(), true)
})

t.test('a session ended by another instance is known with the next poll, one ended here at once', async t => {
  const { clock, sessions, revocations, begin } = await prepare(t)
  await begin('theirs')
  await revocations.poll()
  clock.advance(1)
  await sessions.revoke('theirs', 'logout')
  t.equal(revocations.has('theirs'), false)
  await revocations.poll()
  t.equal(revocations.has('theirs'), true)
  revocations.add('ours')
  t.equal(revocations.has('ours'), true)
})

t.test('a revocation that was committed late, up to a minute, is still seen', async t => {
  const clock = movableClock()
  const committed: { sid: string; revokedAt: number }[] = []
  const revocations = createRevocations(
    { revokedSince: async since => ({ now: clock(), revoked: committed.filter(one => one.revokedAt >= since) }) },
    clock,
    accessTokenSeconds,
  )
  await revocations.poll()
  committed.push({ sid: 'late', revokedAt: clock() - 60 }, { sid: 'too late', revokedAt: clock() - 61 })
  await revocations.poll()
  t.equal(revocations.has('late'), true)
  t.equal(revocations.has('too late'), false)
})

t.test('a list that is ten seconds old is not ready, and one as old as an access token is not believed', async t => {
  const { clock, revocations } = await prepare(t)
  await revocations.poll()
  clock.advance(9)
  t.equal(revocations.isFresh(), true)
  clock.advance(1)
  t.equal(revocations.isFresh(), false)
  clock.advance(accessTokenSeconds - 11)
  t.equal(revocations.has('s'), false)
  clock.advance(1)
  t.throws(() => revocations.has('s'), { code: 'unavailable' })
})

t.test('a list is as old as the question, however late the answer', async t => {
  const clock = movableClock()
  const revocations = createRevocations(
    {
      async revokedSince() {
        const now = clock()
        clock.advance(9)
        return { now, revoked: [] }
      },
    },
    clock,
    accessTokenSeconds,
    { stopwatch: clock },
  )
  await revocations.poll()
  t.equal(revocations.age(), 9)
})

t.test('after a failed poll everything is read again', async t => {
  const clock = movableClock()
  const asked: number[] = []
  let failing = false
  const revocations = createRevocations(
    {
      async revokedSince(since) {
        asked.push(since)
        if (failing) throw new SignetError('unavailable', 'away')
        return { now: clock() - 3, revoked: [] }
      },
    },
    clock,
    accessTokenSeconds,
  )
  await revocations.poll()
  await revocations.poll()
  failing = true
  await t.rejects(revocations.poll())
  failing = false
  await revocations.poll()
  t.strictSame(asked, [0, clock() - 63, clock() - 63, 0], "by the database's clock")
})

t.test('with the database away, access tokens are judged from memory and then answered 503', async t => {
  const { app, clock, logIn, me } = await testApp(t, { accessTokenSeconds: 900 })
  const { access_token: accessToken, refresh_token: refreshToken } = await logIn()
  const ended = await logIn()
  await app.inject({ method: 'POST', url: '/logout', headers: { authorization: `Bearer ${ended.access_token}` } })
  clock.advance(60)
  const { access_token: younger } = await logIn()
  await app.stores.close()
  app.stores.close = async () => {}

  t.equal((await me(accessToken)).statusCode, 200)
  t.equal((await me(ended.access_token)).json().detail, 'Token revoked')
  const refused = await app.inject({ method: 'POST', url: '/refresh', body: { refresh_token: refreshToken } })
  t.equal(refused.statusCode, 503)
  t.match(refused.json(), { detail: 'Temporarily unavailable', code: 'unavailable' })
  t.match(refused.headers['retry-after'], /^\d+$/)
  t.equal((await app.inject('/health/ready')).statusCode, 503)
  t.equal((await app.inject('/health/live')).statusCode, 200)
  clock.advance(839)
  t.equal((await me(accessToken)).statusCode, 200)
  t.equal((await me(younger)).statusCode, 200)
  clock.advance(1)
  isProblem(t, await me(younger), 503, 'unavailable', 'since the last good look anything may have been revoked')
})
