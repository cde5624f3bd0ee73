import t from 'tap'
import { form, isProblem, json } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import {
  type Answer,
  accessName,
  cookiesIn,
  deviceName,
  logInByCookie,
  ours,
  refreshName,
  send,
  setCookies,
} from '../helpers/cookies.ts'
import { claimsOf } from '../helpers/tokens.ts'

t.test(
  'a login with mode cookie puts the tokens and the device into cookies with exactly these attributes, and nowhere else',
  async t => {
    const { app, log } = await testApp(t)
    const answer = await send(app, 'POST', '/login', ours, { username: 'maria', password: 'demo123', mode: 'cookie' })

    t.equal(answer.statusCode, 200)
    t.equal(answer.body, '{"token_type":"cookie","expires_in":900}')
    t.equal(answer.headers['cache-control'], 'no-store')
    const { access, refresh } = cookiesIn(answer)
    t.strictSame(setCookies(answer), [
      `${accessName}=${access}; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `${refreshName}=${refresh}; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Strict`,
      `${deviceName}=${refresh}; Max-Age=34560000; Path=/; HttpOnly; Secure; SameSite=Strict`,
    ])
    t.match(claimsOf(access), { token_type: 'access', sub: 'user-2' })
    t.match(claimsOf(refresh), { token_type: 'refresh', sub: 'user-2' })
    for (const cookie of setCookies(answer)) t.ok(cookie.length < 4096)
    for (const token of [access, refresh]) t.notOk(log.join('').includes(token), 'no token is in the log')
  },
)

t.test('a cookie lives as long as its token, to the end of the session', async t => {
  const { app, clock } = await testApp(t, {
    accessTokenSeconds: 600,
    refreshTokenSeconds: 1000,
    sessionMaxAgeSeconds: 1500,
  })
  let { cookie } = await logInByCookie(app)
  for (const [later, access, refresh] of [
    [950, 550, 550],
    [100, 450, 450],
    [400, 50, 50],
  ] as const) {
    clock.advance(later)
    await app.revocations.poll()
    const answer = await send(app, 'POST', '/refresh', { ...ours, cookie })
    t.match(setCookies(answer), [`; Max-Age=${access};`, `; Max-Age=${refresh};`])
    cookie = cookiesIn(answer).cookie
  }
})

t.test('mode bearer and no mode are as ever: both tokens in the body, and no cookie', async t => {
  const { app } = await testApp(t)
  for (const mode of ['bearer', undefined]) {
    const body = { username: 'maria', password: 'demo123', ...(mode && { mode }) }
    for (const headers of [{}, ours, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }]) {
      const answer = await send(app, 'POST', '/login', headers, body)
      t.strictSame(Object.keys(answer.json()), ['access_token', 'refresh_token', 'token_type', 'expires_in'])
      t.equal(answer.json().token_type, 'bearer')
      t.strictSame(setCookies(answer), [])
    }
  }
  for (const mode of ['Cookie', '', null, true, ['cookie']]) {
    const answer = await send(app, 'POST', '/login', ours, { username: 'maria', password: 'demo123', mode })
    isProblem(t, answer, 400, 'invalid_request', JSON.stringify(mode))
  }
})

t.test('a form has no mode: it never sets a cookie', async t => {
  const { app } = await testApp(t)
  for (const url of ['/login', '/token']) {
    const body = 'grant_type=password&username=maria&password=demo123&mode=cookie'
    const answer = await send(app, 'POST', url, { ...ours, 'content-type': form }, body)
    t.match(answer.json(), { token_type: 'bearer', access_token: String })
    t.strictSame(setCookies(answer), [])
  }
})

t.test('whatever takes an access token takes the cookie', async t => {
  const { app } = await testApp(t)
  const { cookie, access } = await logInByCookie(app)
  t.match((await send(app, 'GET', '/me', { cookie })).json(), { user_id: 'user-2' })
  t.match((await send(app, 'GET', '/sessions', { cookie })).json(), { sessions: [{ current: true }] })
  const change = { current_password: 'demo123', new_password: 'a much longer one' }
  t.equal((await send(app, 'PUT', '/me/password', { ...ours, cookie }, change)).statusCode, 204)
  const own = `/sessions/${claimsOf(access)['sid']}`
  t.equal((await send(app, 'DELETE', own, { ...ours, cookie })).statusCode, 204)
  isProblem(t, await send(app, 'GET', '/me', { cookie }), 401, 'token_revoked', 'the session has ended')

  const { refresh } = await logInByCookie(app, 'thirdy')
  const wrong = await send(app, 'GET', '/me', { cookie: `${accessName}=${refresh}` })
  isProblem(t, wrong, 401, 'access_token_required', 'a refresh token in the place of an access token')
  const alone = await send(app, 'GET', '/me', { cookie: `${refreshName}=${refresh}` })
  isProblem(t, alone, 401, 'missing_token', 'when the access cookie has expired only the other one comes')
})

t.test('a refresh by cookie gives new cookies and no token in the body; its way back is its way in', async t => {
  const { app, logIn, refresh, clock } = await testApp(t)
  const first = await logInByCookie(app)
  clock.advance(60)
  for (const type of [undefined, json]) {
    const headers = { ...ours, cookie: first.cookie, ...(type && { 'content-type': type, 'content-length': '0' }) }
    const answer = await send(app, 'POST', '/refresh', headers)
    t.equal(answer.body, '{"token_type":"cookie","expires_in":900}')
    const next = cookiesIn(answer)
    t.strictSame(setCookies(answer), [
      `${accessName}=${next.access}; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `${refreshName}=${next.refresh}; Max-Age=604800; Path=/; HttpOnly; Secure; SameSite=Strict`,
    ])
    t.equal(claimsOf(next.refresh)['gen'], 1)
  }

  const { refresh_token: token } = await logIn()
  const byBody = await refresh(token)
  t.strictSame(Object.keys(byBody.json()), ['access_token', 'refresh_token', 'token_type', 'expires_in'])
  t.strictSame(setCookies(byBody), [])
  const access = await send(app, 'POST', '/refresh', { ...ours, cookie: `${refreshName}=${first.access}` })
  isProblem(t, access, 401, 'refresh_token_required', 'an access token in the refresh cookie')
})

t.test('a repeated refresh sets the current refresh token again, byte by byte', async t => {
  const { app, clock } = await testApp(t)
  const { cookie } = await logInByCookie(app)
  clock.advance(60)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => send(app, 'POST', '/refresh', { ...ours, cookie })),
  )
  const causes = answers.map(({ headers }) => headers['signet-refresh'])
  t.strictSame(causes.toSorted(), [...Array(19).fill('repeated'), 'rotated'])
  t.equal(new Set(answers.map(answer => cookiesIn(answer).refresh)).size, 1)
  t.not(cookiesIn(answers[0] as Answer).cookie, cookie)
})

t.test('a failed refresh neither sets nor clears a cookie', async t => {
  const { app, clock } = await testApp(t, { refreshRetriesPerDay: 0 })
  const { cookie, refresh } = await logInByCookie(app)
  const headers = { ...ours, cookie }
  const changed = { ...ours, cookie: `${refreshName}=${refresh.slice(0, -2)}` }
  const failures: [string, () => Promise<Answer>][] = [
    ['invalid_token', () => send(app, 'POST', '/refresh', changed)],
    ['token_revoked', () => send(app, 'POST', '/refresh', headers)],
    ['token_expired', () => send(app, 'POST', '/refresh', headers)],
  ]
  for (const [code, fail] of failures) {
    if (code === 'token_revoked') {
      for (let i = 0; i < 2; i++) {
        clock.advance(60)
        await send(app, 'POST', '/refresh', headers) // the second is one too many
      }
    }
    if (code === 'token_expired') {
      headers.cookie = (await logInByCookie(app)).cookie
      clock.advance(604_800)
    }
    const answer = await fail()
    isProblem(t, answer, 401, code, code)
    t.strictSame(setCookies(answer), [])
  }
})
