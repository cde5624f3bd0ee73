/** Wherever a password is guessed, its address is counted, and nowhere else. */
import { join } from 'node:path'
import t from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { testApp } from '../helpers/app.ts'
import { temporaryFolder } from '../helpers/process.ts'

const sentence = 'a long sentence of mine'
const password = 'wrong'

for (const [what, send] of [
  ['POST /login', app => app.inject({ method: 'POST', url: '/login', body: { username: 'thirdy', password } })],
  [
    'the form of /login',
    app => app.inject({ method: 'POST', url: '/login', ...formOf({ username: 'thirdy', password }) }),
  ],
  [
    'the password grant of /token',
    app =>
      app.inject({
        method: 'POST',
        url: '/token',
        ...formOf({ grant_type: 'password', username: 'thirdy', password }),
      }),
  ],
  [
    'POST /register',
    app => app.inject({ method: 'POST', url: '/register', body: { username: 'a', password: 'short' } }),
  ],
  [
    'POST /login/second-factor',
    app => app.inject({ method: 'POST', url: '/login/second-factor', body: { challenge: 'x', code: '123456' } }),
  ],
  ['POST /login/passkey/options', app => app.inject({ method: 'POST', url: '/login/passkey/options' })],
  ['POST /login/passkey', app => app.inject({ method: 'POST', url: '/login/passkey', body: {} })],
  [
    'POST /me/passkeys/options',
    (app, token) =>
      app.inject({ method: 'POST', url: '/me/passkeys/options', headers: { authorization: `Bearer ${token}` } }),
  ],
  [
    'POST /me/confirm/options',
    (app, token) =>
      app.inject({ method: 'POST', url: '/me/confirm/options', headers: { authorization: `Bearer ${token}` } }),
  ],
  [
    'PUT /me/password',
    (app, token) =>
      app.inject({
        method: 'PUT',
        url: '/me/password',
        headers: { authorization: `Bearer ${token}` },
        body: { current_password: password, new_password: sentence },
      }),
  ],
  [
    'POST /password/forgot',
    app => app.inject({ method: 'POST', url: '/password/forgot', body: { username: 'maria' } }),
  ],
  [
    'POST /password/reset',
    app => app.inject({ method: 'POST', url: '/password/reset', body: { token: 'x', new_password: sentence } }),
  ],
  ['POST /email/verify', app => app.inject({ method: 'POST', url: '/email/verify', body: { token: 'x' } })],
  [
    'POST /me/confirm',
    (app, token) =>
      app.inject({
        method: 'POST',
        url: '/me/confirm',
        headers: { authorization: `Bearer ${token}` },
        body: { current_password: password },
      }),
  ],
] as [string, (app: Awaited<ReturnType<typeof testApp>>['app'], token: string) => Promise<{ statusCode: number }>][]) {
  t.test(`${what} is limited for each address`, async t => {
    const { app, logIn } = await testApp(t, { loginLimitPerIp: 4, loginFreeFailures: 0, registrationIsOpen: true })
    const { access_token: token } = await logIn()
    for (let i = 0; i < 3; i++) t.not((await send(app, token)).statusCode, 429)
    t.equal((await send(app, token)).statusCode, 429)
  })
}

t.test('what checks no password is not counted, at /token either', async t => {
  const { app, logIn, me, refresh } = await testApp(t, { loginLimitPerIp: 1 })
  const { access_token: token, refresh_token: refreshToken } = await logIn()
  const grant = { grant_type: 'refresh_token', refresh_token: refreshToken }
  for (let i = 0; i < 3; i++) {
    t.equal((await app.inject({ method: 'POST', url: '/token', ...formOf(grant) })).statusCode, 200)
    t.equal((await refresh(refreshToken)).statusCode, 200)
    t.equal((await me(token)).statusCode, 200)
  }
})

t.test('the addresses of one /64 are one, also for another instance and after a restart', async t => {
  const settings = { sqlitePath: join(await temporaryFolder(t), 'signet.db'), loginLimitPerIp: 2, loginFreeFailures: 0 }
  const [one, two] = [await testApp(t, settings), await testApp(t, settings)]
  const from = async ({ app }: typeof one, remoteAddress: string) =>
    (await app.inject({ method: 'POST', url: '/login', remoteAddress, body: { username: 'x', password } })).statusCode
  t.equal(await from(one, '2001:db8::1'), 401)
  t.equal(await from(two, '2001:db8::2'), 401)
  t.equal(await from(one, '2001:db8::3'), 429)
  t.equal(await from(two, '2001:db8::1'), 429)
  t.equal(await from(two, '2001:db8:0:1::3'), 401)
})

t.test('where an address cannot be counted, nobody is let in', async t => {
  const { app, logIn } = await testApp(t, { loginLimitPerIp: 5, loginFreeFailures: 0 })
  app.stores.limits.increment = () => Promise.reject(new SignetError('unavailable', 'no disk'))
  await t.rejects(logIn(), /503/)
})

t.test('who is exempt is not counted, and everybody else is', async t => {
  const { app } = await testApp(t, { loginLimitPerIp: 1, loginLimitExempt: ['192.0.2.0/24'], loginFreeFailures: 0 })
  const from = async (remoteAddress: string) =>
    (await app.inject({ method: 'POST', url: '/login', remoteAddress, body: { username: 'x', password } })).statusCode
  t.strictSame([await from('192.0.2.1'), await from('192.0.2.1')], [401, 401])
  t.strictSame([await from('198.51.100.1'), await from('198.51.100.1')], [401, 429])
})

t.test('behind a proxy that is exempt nobody is for that', async t => {
  const proxies = ['10.0.0.0/8']
  const settings = { loginLimitPerIp: 1, loginLimitExempt: proxies, trustedProxies: proxies, loginFreeFailures: 0 }
  const { app } = await testApp(t, settings)
  const headers = { 'x-forwarded-for': '203.0.113.7' }
  const body = { username: 'x', password }
  const ask = () => app.inject({ method: 'POST', url: '/login', remoteAddress: '10.0.0.9', headers, body })
  t.strictSame([(await ask()).statusCode, (await ask()).statusCode], [401, 429])
})

t.test('who changes a password without a token is counted before it is looked for', async t => {
  const { app } = await testApp(t, { loginLimitPerIp: 1, loginFreeFailures: 0 })
  const body = { current_password: password, new_password: sentence }
  const ask = () => app.inject({ method: 'PUT', url: '/me/password', body })
  t.strictSame([(await ask()).statusCode, (await ask()).statusCode], [401, 429])
})

t.test(
  'a login is answered when the store has noted its success with the session, and fails when it cannot',
  async t => {
    const { app, logIn } = await testApp(t, { loginFreeFailures: 1 })
    const { create } = app.stores.sessions
    const order: string[] = []
    app.stores.sessions.create = async (...given) => {
      await new Promise(resolve => setImmediate(resolve))
      const begun = await create(...given)
      order.push(given[0].success ? 'noted' : 'forgotten')
      return begun
    }
    await logIn()
    order.push('answered')
    t.strictSame(order, ['noted', 'answered'])

    app.stores.sessions.create = async () => {
      throw new SignetError('unavailable', 'no disk')
    }
    await t.rejects(logIn(), /503/)
    app.stores.sessions.create = create
    await t.resolves(logIn(), 'and it was no failure of the account')
  },
)

function formOf(fields: Record<string, string>) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { headers, body: new URLSearchParams(fields).toString() }
}
