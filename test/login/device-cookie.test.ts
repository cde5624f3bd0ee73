/** In cookie mode the browser is the device: a cookie that a logout leaves (docs/guessing.md). */
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'

const name = '__Host-signet_device'
const ours = { 'sec-fetch-site': 'same-origin' }

async function behindAGuesser(t: Test) {
  const { app, clock } = await testApp(t, { loginFreeFailures: 5 })
  const post = (url: string, ip: string, headers: Record<string, string>, body?: object) =>
    app.inject({ method: 'POST', url, remoteAddress: ip, headers: { ...ours, ...headers }, ...(body && { body }) })
  const logIn = (ip: string, cookie = '', more: object = {}) =>
    post('/login', ip, cookie ? { cookie } : {}, { username: 'maria', password: 'demo123', mode: 'cookie', ...more })
  const first = await logIn('192.0.2.1')
  const cookies = first.cookies.map(one => `${one.name}=${one.value}`).join('; ')
  const device = `${name}=${first.cookies.find(one => one.name === name)?.value}`
  for (let i = 0; i < 6; i++) await logIn('203.0.113.9', '', { password: 'wrong' })
  return { app, clock, post, logIn, cookies, device }
}

t.test('a browser that has logged in once is let in from anywhere, after a logout too', async t => {
  const { post, logIn, cookies, device } = await behindAGuesser(t)
  const out = await post('/logout', '192.0.2.1', { cookie: cookies })
  t.equal(out.statusCode, 204)
  t.notMatch(String(out.headers['set-cookie']), name, 'a logout leaves it')
  t.equal((await logIn('198.51.100.1')).statusCode, 429)
  t.equal((await logIn('198.51.100.1', device)).statusCode, 200)
})

t.test('every login renews it, a refresh and a failure do not', async t => {
  const { post, logIn, cookies, device } = await behindAGuesser(t)
  const again = await logIn('198.51.100.1', device)
  const set = [again.headers['set-cookie'] ?? []].flat().filter(one => one.startsWith(name))
  t.match(set, [/^__Host-signet_device=[\w.-]+; Max-Age=34560000; Path=\/; HttpOnly; Secure; SameSite=Strict$/])
  t.not(set[0]?.split(';')[0], device)
  for (const answer of [
    await post('/refresh', '192.0.2.1', { cookie: cookies }),
    await logIn('198.51.100.2', device, { password: 'wrong' }),
    await logIn('198.51.100.2', device, { mode: 'bearer' }),
  ]) {
    t.notMatch(String(answer.headers['set-cookie']), name, String(answer.statusCode))
  }
})

t.test('whatever else is in the cookie is ignored, and never an error', async t => {
  const { logIn, device, app } = await behindAGuesser(t)
  const rubbish = [
    `${name}=`,
    `${name}=x`,
    `${name}=${'.'.repeat(12_000)}`,
    `${device}; ${device}`,
    `x${device}`,
    `${name}`,
  ]
  const doubled = '__Host-signet_access=a; __Host-signet_access=b'
  for (const cookie of [...rubbish, doubled]) t.equal((await logIn('198.51.100.1', cookie)).statusCode, 429)
  await app.stores.attempts.lift('user-2')
  for (const cookie of [...rubbish, doubled]) t.equal((await logIn('198.51.100.1', cookie)).statusCode, 200)
})

t.test("another account's browser is a stranger", async t => {
  const { logIn } = await behindAGuesser(t)
  const thirdy = await logIn('192.0.2.1', '', { username: 'thirdy' })
  const device = `${name}=${thirdy.cookies.find(one => one.name === name)?.value}`
  t.equal((await logIn('198.51.100.1', device)).statusCode, 429)
})

t.test('beside a device that the page names it does not count', async t => {
  const { logIn, device: cookie } = await behindAGuesser(t)
  const thirdys = await logIn('192.0.2.1', '', { username: 'thirdy' })
  const stranger = thirdys.cookies.find(one => one.name === name)?.value
  t.equal((await logIn('198.51.100.1', cookie, { device: stranger })).statusCode, 429)
  const device = cookie.slice(name.length + 1)
  t.equal((await logIn('198.51.100.1', `${name}=${stranger}`, { device })).statusCode, 200)
})

t.test('it counts in cookie mode only, where the page is known to be ours', async t => {
  const { app, logIn, device } = await behindAGuesser(t)
  t.equal((await logIn('198.51.100.1', device, { mode: 'bearer' })).statusCode, 429)
  const foreign = await app.inject({
    method: 'POST',
    url: '/login',
    headers: { cookie: device, 'sec-fetch-site': 'cross-site' },
    body: { username: 'maria', password: 'demo123', mode: 'cookie' },
  })
  t.equal(foreign.statusCode, 403)

  const beside = await app.inject({
    method: 'POST',
    url: '/login',
    remoteAddress: '198.51.100.1',
    headers: { ...ours, cookie: device, authorization: 'Bearer x' },
    body: { username: 'maria', password: 'demo123', mode: 'cookie' },
  })
  t.equal(beside.statusCode, 429, 'beside a bearer token no cookie is read')
})
