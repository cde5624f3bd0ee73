/** POST /me/confirm: the step-up of RFC 9470, within a session and without a new one. */
import t, { type Test } from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { type Overrides, testApp } from '../helpers/app.ts'
import { claimsOf } from '../helpers/tokens.ts'

async function confirming(t: Test, overrides: Overrides = {}) {
  const service = await testApp(t, overrides)
  const confirm = (token: string, password = 'demo123') =>
    service.app.inject({
      method: 'POST',
      url: '/me/confirm',
      headers: { authorization: `Bearer ${token}` },
      body: { current_password: password },
    })
  const rename = (token: string) =>
    service.app.inject({
      method: 'PATCH',
      url: '/me/account',
      headers: { authorization: `Bearer ${token}` },
      body: { username: 'ana' },
    })
  return { ...service, confirm, rename }
}

t.test('the password makes the session fresh, by a new access token and without a new session', async t => {
  const { app, clock, log, logIn, refresh, me, confirm, rename } = await confirming(t)
  const tokens = await logIn('maria')
  clock.advance(600)
  isProblem(t, await rename(tokens.access_token), 401, 'fresh_login_required')

  const before = log.length
  const answer = await confirm(tokens.access_token)
  t.equal(answer.statusCode, 200)
  const { access_token: token, ...others } = answer.json()
  t.strictSame(others, { token_type: 'bearer', expires_in: 900 })
  const { sid, auth_time, amr, iat } = claimsOf(token)
  t.strictSame([sid, auth_time, amr, iat], [claimsOf(tokens.access_token)['sid'], clock(), ['pwd'], clock()])
  t.strictSame(
    log.slice(before).flatMap(line => JSON.parse(line).audit ?? []),
    [{ event: 'session.confirmed', sub: 'user-2', sid, ip: '127.0.0.1', amr: ['pwd'] }],
  )
  t.equal((await app.stores.sessions.list('user-2')).length, 1)

  isProblem(t, await rename(tokens.access_token), 401, 'fresh_login_required', 'the old token stays as old')
  t.equal((await me(tokens.access_token)).statusCode, 200, 'and as good')
  clock.advance(200)
  const refreshed = await refresh(tokens.refresh_token)
  t.equal(refreshed.headers['signet-refresh'], 'rotated', 'the refresh token was not touched')
  t.match(claimsOf(refreshed.json().access_token), { auth_time, amr: ['pwd'] })
  t.equal((await rename(refreshed.json().access_token)).statusCode, 200)
})

t.test('it helps where a gateway asks for a recent login', async t => {
  const { app, clock, logIn, confirm } = await confirming(t)
  const { access_token: token } = await logIn('maria')
  const verify = async (token: string) =>
    (await app.inject({ url: '/verify?max_age=300', headers: { authorization: `Bearer ${token}` } })).statusCode
  t.equal(await verify(token), 200)
  clock.advance(301)
  t.equal(await verify(token), 401)
  t.equal(await verify((await confirm(token)).json().access_token), 200)
})

t.test('it confirms this session and no other one', async t => {
  const { clock, logIn, refresh, confirm } = await confirming(t)
  const [mine, other] = [await logIn('maria'), await logIn('maria')]
  const loggedInAt = clock()
  clock.advance(600)
  await confirm(mine.access_token)
  t.equal(claimsOf((await refresh(other.refresh_token)).json().access_token)['auth_time'], loggedInAt)
})

t.test('the token ends with the session, not later', async t => {
  const { clock, logIn, confirm } = await confirming(t, { sessionMaxAgeSeconds: 1000, refreshTokenSeconds: 1000 })
  const { access_token: token } = await logIn('maria')
  clock.advance(890)
  t.equal((await confirm(token)).json().expires_in, 110)
})

t.test('a wrong password is refused as at a login, throttled as there, and changes nothing', async t => {
  const { clock, log, logIn, confirm, rename } = await confirming(t, { loginFreeFailures: 2 })
  const { access_token: token } = await logIn('maria')
  clock.advance(600)
  const answer = await confirm(token, 'wrong')
  isProblem(t, answer, 401, 'invalid_credentials')
  t.equal(answer.headers['www-authenticate'], 'Bearer realm="signet"')
  isProblem(t, await confirm(token, 'wrong'), 401, 'invalid_credentials')
  const throttled = await confirm(token)
  isProblem(t, throttled, 429, 'too_many_attempts', 'the right one has to wait, too')
  t.equal(throttled.headers['retry-after'], '1')
  isProblem(t, await rename(token), 401, 'fresh_login_required')
  t.equal(log.filter(line => line.includes('"login.failed"')).length, 2)
  clock.advance(1)
  t.equal((await confirm(token)).statusCode, 200)
})

t.test('one address has its limit here as at a login', async t => {
  const { logIn, confirm } = await confirming(t, { loginLimitPerIp: 3 })
  const { access_token: token } = await logIn('maria')
  for (const status of [200, 200, 429]) t.equal((await confirm(token)).statusCode, status)
})

t.test('nobody confirms without a token, with a refresh token, in an ended session, or with another body', async t => {
  const { app, logIn, confirm } = await confirming(t)
  const { access_token: token, refresh_token: refreshToken } = await logIn('maria')
  isProblem(t, await confirm(''), 401, 'missing_token')
  isProblem(t, await confirm(refreshToken), 401, 'access_token_required')
  for (const body of [
    {},
    { current_password: '' },
    { password: 'demo123' },
    { current_password: 'demo123', mode: 'cookie' },
  ]) {
    const headers = { authorization: `Bearer ${token}` }
    isProblem(t, await app.inject({ method: 'POST', url: '/me/confirm', headers, body }), 400, 'invalid_request')
  }
  await app.stores.sessions.revokeAll('user-2', 'logout_all')
  isProblem(t, await confirm(token), 401, 'token_revoked', 'ended by another instance, before the next poll')
})

t.test('a password that is changed meanwhile, or a user who is gone, confirms nothing', async t => {
  const { app, logIn, confirm } = await confirming(t)
  const { access_token: token } = await logIn('maria')
  const { confirm: store } = app.stores.sessions
  app.stores.sessions.confirm = async (...asked) => {
    await app.stores.users.update('user-2', { passwordHash: 'another' }, { keep: String(claimsOf(token)['sid']) })
    return store(...asked)
  }
  isProblem(t, await confirm(token), 401, 'token_revoked')
  await app.stores.users.delete('user-2')
  isProblem(t, await confirm(token), 401, 'token_revoked')
})

t.test('by cookie the token goes into the access cookie, and no other cookie is touched', async t => {
  const { app, clock } = await confirming(t)
  const ours = { 'sec-fetch-site': 'same-origin' }
  const login = { username: 'maria', password: 'demo123', mode: 'cookie' }
  const { cookies } = await app.inject({ method: 'POST', url: '/login', headers: ours, body: login })
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  clock.advance(600)
  const confirm = (headers: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: '/me/confirm',
      headers: { cookie, ...headers },
      body: { current_password: 'demo123' },
    })
  isProblem(t, await confirm({ origin: 'https://evil.example' }), 403, 'cross_site')

  const answer = await confirm(ours)
  t.equal(answer.body, '{"token_type":"cookie","expires_in":900}')
  const [access, ...others] = answer.cookies
  t.strictSame(others, [])
  t.match(access, {
    name: '__Host-signet_access',
    maxAge: 900,
    httpOnly: true,
    secure: true,
    sameSite: 'Lax',
    path: '/',
  })
  t.match(claimsOf(access?.value ?? ''), { auth_time: clock(), amr: ['pwd'] })

  const staged = await confirm({ ...ours, authorization: 'Basic dXNlcjpwYXNz' })
  t.equal(staged.body, answer.body, 'a password in front of us is no token: no script gets one to read')
  t.match(staged.cookies, [{ name: '__Host-signet_access' }])
})

t.test('one thing is shown, not two of which one is looked at', async t => {
  const { app, logIn } = await confirming(t)
  const headers = { authorization: `Bearer ${(await logIn('maria')).access_token}` }
  for (const body of [{}, { current_password: 'demo123', code: '123456' }]) {
    const answer = await app.inject({ method: 'POST', url: '/me/confirm', headers, body })
    isProblem(t, answer, 400, 'invalid_request', JSON.stringify(body))
  }
})
