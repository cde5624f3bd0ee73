/** What ends a wait before its time (docs/guessing.md). */
import t, { type Test } from 'tap'
import { createMemoryLimits } from '../../src/login/memory-limits.ts'
import { testApp } from '../helpers/app.ts'
import { movableClock } from '../helpers/clock.ts'

const year = 365 * 86_400

async function waiting(t: Test) {
  const made = await testApp(t, { loginFreeFailures: 1, loginLimitPerIp: 40 })
  const { app } = made
  const attempt = (password: string, ip = '203.0.113.9', more: object = {}) =>
    app.inject({ method: 'POST', url: '/login', remoteAddress: ip, body: { username: 'maria', password, ...more } })
  return { ...made, attempt }
}

t.test("an administrator's new password lifts the wait, at every address and for every device", async t => {
  const { app, logIn, attempt } = await waiting(t)
  const { access_token: admin } = await logIn('thirdy')
  await app.stores.users.update('user-2', { email: 'maria@example.com' })
  const [device, another] = [(await logIn('maria')).refresh_token, (await logIn('maria')).refresh_token]
  const byAddress = { username: 'maria@example.com', device: another }
  await attempt('wrong')
  await attempt('wrong', '127.0.0.1')
  await attempt('wrong', '203.0.113.9', { device })
  await attempt('wrong', '203.0.113.9', byAddress)
  const change = (body: object) =>
    app.inject({ method: 'PATCH', url: '/users/user-2', headers: { authorization: `Bearer ${admin}` }, body })
  t.equal((await change({ role: 'user' })).statusCode, 200)
  t.equal((await attempt('demo123')).statusCode, 429, 'another change does not')

  t.equal((await change({ password: 'a long sentence of hers' })).statusCode, 200)

  t.equal((await attempt('a long sentence of hers', '203.0.113.9', { device })).statusCode, 200)
  t.equal((await attempt('a long sentence of hers', '203.0.113.9', byAddress)).statusCode, 200)
  t.equal((await attempt('a long sentence of hers', '127.0.0.1')).statusCode, 200)
  t.equal((await attempt('a long sentence of hers', '198.51.100.1')).statusCode, 200)
})

t.test('one unlock lifts the wait once: guesses wait as before', async t => {
  const { app, attempt, log } = await waiting(t)
  await attempt('wrong')
  t.equal((await attempt('demo123')).statusCode, 429)
  await app.users.unlock('user-2', { by: 'a test' })
  t.equal((await attempt('wrong')).statusCode, 401)
  t.equal((await attempt('demo123')).statusCode, 429)
  t.match(JSON.parse(log.find(line => line.includes('user.unlocked')) ?? '').audit, { sub: 'user-2', by: 'a test' })
  await t.rejects(app.users.unlock('user-9', {}), { code: 'not_found' })
})

t.test('a clock that was ten years ahead for a moment leaves no wait and no limit behind', async t => {
  const { attempt, clock } = await waiting(t)
  clock.advance(10 * year)
  for (let i = 0; i < 45; i++) await attempt('wrong')
  t.equal((await attempt('demo123')).statusCode, 429)
  clock.advance(-10 * year)
  t.equal((await attempt('demo123')).statusCode, 200)
})

t.test('nor on unknown URLs', async t => {
  const { app, clock } = await waiting(t)
  const ask = async () => (await app.inject({ url: '/nowhere' })).statusCode
  clock.advance(10 * year)
  for (let i = 0; i < 120; i++) await ask()
  t.equal(await ask(), 429)
  clock.advance(-10 * year)
  t.equal(await ask(), 404)
})

t.test('a window in memory is counted as one in the database, and the oldest go first', async t => {
  const clock = movableClock()
  const { increment } = createMemoryLimits(clock, 3)
  t.same(await increment('a', 60), { count: 1, remainingSeconds: 60 })
  clock.advance(59)
  t.same(await increment('a', 60), { count: 2, remainingSeconds: 1 })
  await increment('b', 60)
  clock.advance(1)
  t.same(await increment('a', 60), { count: 1, remainingSeconds: 60 })
  for (const key of ['c', 'd']) await increment(key, 60)
  t.same(await increment('a', 60), { count: 2, remainingSeconds: 60 })
  t.same(await increment('b', 60), { count: 1, remainingSeconds: 60 }, 'forgotten')
})
