/** Guessing passwords over HTTP (docs/guessing.md): slowed down for strangers, never for the owner at home. */
import t from 'tap'
import { waitAfter } from '../../src/login/login-limit.ts'
import { testApp } from '../helpers/app.ts'

const wrong = { username: 'thirdy', password: 'wrong' }
const right = { username: 'thirdy', password: 'demo123' }

type Attempt = Partial<Record<'username' | 'password' | 'ip' | 'forwarded', string>>

async function throttled(test: Parameters<typeof testApp>[0], overrides: Parameters<typeof testApp>[1] = {}) {
  const made = await testApp(test, { loginFreeFailures: 5, ...overrides })
  const attempt = ({ ip = '192.0.2.1', forwarded, ...body }: Attempt) =>
    made.app.inject({
      method: 'POST',
      url: '/login',
      remoteAddress: ip,
      headers: forwarded ? { 'x-forwarded-for': forwarded } : {},
      body: { ...wrong, ...body },
    })
  return { ...made, attempt }
}

t.test('the curve is free at first, then 1, 2, 4 … 900 seconds, and never for ever', async t => {
  t.strictSame(
    [0, 1, 4, 5, 6, 7, 8, 14, 15, 100].map(failures => waitAfter(failures, 5)),
    [0, 0, 0, 1, 2, 4, 8, 512, 900, 900],
  )
})

t.test('after five wrong passwords the account waits, and says how long', async t => {
  const { attempt, clock } = await throttled(t)
  for (let i = 0; i < 5; i++) t.equal((await attempt({})).statusCode, 401)
  for (const wait of [1, 2, 4, 8]) {
    const refused = await attempt({})
    t.equal(refused.statusCode, 429)
    t.match(refused.json(), { detail: 'Too many attempts', code: 'too_many_attempts' })
    t.equal(refused.headers['retry-after'], String(wait))
    t.equal((await attempt(right)).statusCode, 429, 'the right password is not looked at either')
    clock.advance(wait)
    t.equal((await attempt({})).statusCode, 401)
  }
})

t.test('the right password after the wait logs in and forgets the failures', async t => {
  const { attempt, clock } = await throttled(t)
  for (let i = 0; i < 5; i++) await attempt({})
  clock.advance(1)
  t.equal((await attempt(right)).statusCode, 200)
  for (let i = 0; i < 5; i++) t.equal((await attempt({})).statusCode, 401)
})

t.test('200 wrong passwords at once: at most five are looked at', async t => {
  const { attempt, log } = await throttled(t, { hashQueue: 500 })
  const answers = await Promise.all(Array.from({ length: 200 }, () => attempt({})))
  t.equal(answers.filter(one => one.statusCode === 401).length, 5)
  t.equal(answers.filter(one => one.statusCode === 429).length, 195)
  t.equal(log.filter(line => line.includes('login failed: wrong password')).length, 5)
})

for (const username of ['thirdy', 'thirdy@example.com']) {
  t.test(`a stranger cannot lock ${username} out of an address used before`, async t => {
    const { app, attempt } = await throttled(t)
    await app.stores.users.update('user-1', { email: 'thirdy@example.com' })
    const owner = { ...right, username }
    t.equal((await attempt({ ...owner, ip: '198.51.100.7' })).statusCode, 200)
    for (let i = 0; i < 20; i++) await attempt({ username, ip: '203.0.113.9' })
    t.equal((await attempt({ username, ip: '203.0.113.9' })).statusCode, 429)
    t.equal((await attempt({ ...owner, ip: '192.0.2.99' })).statusCode, 429, 'from a new address the owner waits')
    t.equal((await attempt({ ...owner, ip: '198.51.100.7' })).statusCode, 200)
  })
}

t.test('an IPv6 owner is known by the /64, an IPv4-mapped address by its IPv4 address', async t => {
  const { attempt } = await throttled(t)
  await attempt({ ...right, ip: '2001:db8:1:2::5' })
  await attempt({ ...right, ip: '::ffff:198.51.100.7' })
  for (let i = 0; i < 6; i++) await attempt({})
  t.equal((await attempt({ ...right, ip: '2001:db8:1:2:ffff::9' })).statusCode, 200)
  t.equal((await attempt({ ...right, ip: '198.51.100.7' })).statusCode, 200)
  t.equal((await attempt({ ...right, ip: '2001:db8:1:3::5' })).statusCode, 429)
})

t.test('every spelling of a name, and the e-mail address, is one account', async t => {
  const { app, attempt } = await throttled(t)
  await app.stores.users.update('user-1', { email: 'thirdy@example.com' })
  for (const username of ['THIRDY', 'ｔｈｉｒｄｙ', 'Thirdy', 'thirdy@example.com', 'THIRDY@Example.com']) {
    t.equal((await attempt({ username })).statusCode, 401, username)
  }
  t.equal((await attempt({})).statusCode, 429)
  t.equal((await attempt({ username: 'thirdy@example.com' })).statusCode, 429)
})

t.test('without a limit every spelling is this account, too', async t => {
  const { app, attempt } = await throttled(t, { loginFreeFailures: 0 })
  await app.stores.users.update('user-1', { email: 'thirdy@example.com' })
  for (const username of ['THIRDY', 'ｔｈｉｒｄｙ', 'THIRDY@Example.com']) {
    t.equal((await attempt({ ...right, username })).statusCode, 200, username)
  }
})

t.test('unknown names wait on the same curve, with the same words', async t => {
  const { attempt, clock } = await throttled(t)
  const shape = ({ statusCode, headers, body }: Awaited<ReturnType<typeof attempt>>) => {
    const { date: _, ...others } = headers
    return { statusCode, headers: others, body }
  }
  for (let i = 0; i < 8; i++) {
    const known = await attempt({})
    const unknown = await attempt({ username: 'nobody' })
    const impossible = await attempt({ username: 'no such name, with spaces' })
    t.strictSame(shape(unknown), shape(known))
    t.strictSame(shape(impossible), shape(known))
    clock.advance(i >= 5 ? 2 ** (i - 5) : 0)
  }
})

t.test('every place that checks a password shares the bucket', async t => {
  const { app, attempt, logIn } = await throttled(t)
  const { access_token: accessToken } = await logIn('maria')
  const form = (url: string) =>
    app.inject({
      method: 'POST',
      url,
      remoteAddress: '203.0.113.9',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=password&username=maria&password=wrong',
    })
  const change = () =>
    app.inject({
      method: 'PUT',
      url: '/me/password',
      remoteAddress: '203.0.113.9',
      headers: { authorization: `Bearer ${accessToken}` },
      body: { current_password: 'wrong', new_password: 'a long sentence of mine' },
    })
  const confirm = () =>
    app.inject({
      method: 'POST',
      url: '/me/confirm',
      remoteAddress: '203.0.113.9',
      headers: { authorization: `Bearer ${accessToken}` },
      body: { current_password: 'wrong' },
    })
  t.equal((await form('/login')).statusCode, 400)
  t.equal((await form('/token')).statusCode, 400)
  t.equal((await change()).json().detail, 'Invalid credentials')
  t.equal((await attempt({ username: 'maria', ip: '203.0.113.9' })).statusCode, 401)
  t.equal((await confirm()).statusCode, 401)
  for (const answer of [await form('/login'), await form('/token'), await change(), await confirm()]) {
    t.equal(answer.statusCode, 429)
    t.match(answer.headers['retry-after'], /^\d+$/)
  }
})

t.test('a password that is confirmed makes its address a known one, as a login does', async t => {
  const { attempt, app, logIn } = await throttled(t)
  const headers = { authorization: `Bearer ${(await logIn('thirdy')).access_token}` }
  const body = { current_password: right.password }
  const remoteAddress = '198.51.100.7'
  const confirmed = await app.inject({ method: 'POST', url: '/me/confirm', remoteAddress, headers, body })
  t.equal(confirmed.statusCode, 200)
  for (let i = 0; i < 6; i++) await attempt({ ip: `203.0.113.${i}` })
  t.equal((await attempt({ ...right, ip: '198.51.100.8' })).statusCode, 429, 'any other waits')
  t.equal((await attempt({ ...right, ip: remoteAddress })).statusCode, 200)
})

t.test('a full hash queue is no failure of the account', async t => {
  const { attempt, app } = await throttled(t, { bcryptCost: 10, hashThreads: 1, hashQueue: 0, loginFreeFailures: 2 })
  const [first, second] = await Promise.all([attempt({ username: 'maria' }), attempt(right)])
  t.strictSame([first.statusCode, second.statusCode].sort(), [401, 503])
  t.match(second.headers['retry-after'] ?? first.headers['retry-after'], /^[123]$/)
  t.equal((await attempt({})).statusCode, 401)
  t.equal((await attempt({})).statusCode, 401, 'both free failures were still there')
  t.equal((await attempt({})).statusCode, 429)
  await app.close()
})

t.test('one address has so many attempts a minute, over all accounts, whatever it claims to be', async t => {
  const { attempt, clock, log } = await throttled(t, { loginLimitPerIp: 3, loginFreeFailures: 0 })
  for (let i = 0; i < 3; i++) t.equal((await attempt({ username: `u${i}` })).statusCode, 401)
  const refused = await attempt({ username: 'u4', forwarded: '198.51.100.1' })
  t.equal(refused.statusCode, 429)
  t.equal(refused.headers['retry-after'], '60')
  const other = await attempt({ username: 'u4', ip: '192.0.2.2' })
  t.equal(other.statusCode, 401)
  const told = Object.keys({ ...refused.headers, ...other.headers })
  t.notOk(
    told.some(name => name.startsWith('x-ratelimit')),
    'how much is left of a limit is nobody’s business',
  )
  clock.advance(60)
  t.equal((await attempt({ forwarded: '198.51.100.2' })).statusCode, 401)
  t.equal(log.filter(line => line.includes('TRUSTED_PROXIES')).length, 1, 'the ignored header is warned about once')
})

t.test('behind a trusted proxy the right-most address that is not one counts', async t => {
  const settings = { loginLimitPerIp: 1, loginFreeFailures: 0, trustedProxies: ['10.0.0.0/8'] }
  const { attempt } = await throttled(t, settings)
  const via = (forwarded: string) => attempt({ ip: '10.0.0.9', forwarded })
  t.equal((await via('6.6.6.6, 203.0.113.7')).statusCode, 401)
  t.equal((await via('7.7.7.7, 203.0.113.7')).statusCode, 429, 'what the client wrote before it changes nothing')
  t.equal((await via('6.6.6.6, 203.0.113.8, 10.1.1.1')).statusCode, 401)
  t.equal((await attempt({ ip: '192.0.2.1', forwarded: '203.0.113.50' })).statusCode, 401)
  t.equal(
    (await attempt({ ip: '192.0.2.1', forwarded: '203.0.113.51' })).statusCode,
    429,
    'an untrusted peer is itself',
  )
})

t.test('limits hold over a restart', async t => {
  const { join } = await import('node:path')
  const { temporaryFolder } = await import('../helpers/process.ts')
  const settings = { sqlitePath: join(await temporaryFolder(t), 'signet.db'), secrets: ['x'.repeat(32)] as [string] }
  const before = await throttled(t, settings)
  for (let i = 0; i < 5; i++) await before.attempt({})
  await before.app.close()
  const after = await testApp(t, { ...settings, loginFreeFailures: 5 }, before.clock)
  const answer = await after.app.inject({ method: 'POST', url: '/login', body: right })
  t.equal(answer.statusCode, 429)
  await after.app.close()

  const fallbacks = { ...settings, secrets: [...settings.secrets, 'y'.repeat(32)] as [string, string] }
  const again = await testApp(t, { ...fallbacks, loginFreeFailures: 5 }, before.clock)
  const third = await again.app.inject({ method: 'POST', url: '/login', body: right })
  t.equal(third.statusCode, 429, 'also where a secret is added that only verifies')
})
