/** Refresh over HTTP: safe against thieves, calm with honest clients (docs/refresh.md). */
import { createHmac, hkdfSync } from 'node:crypto'
import t from 'tap'
import { type TestApp, testApp } from '../helpers/app.ts'
import { claimsOf, headerOf, newSecret } from '../helpers/tokens.ts'

t.test('a repeat within the window gets a new access token and the very same refresh token', async t => {
  const { clock, logIn, refresh, me } = await testApp(t)
  const first = await logIn()
  clock.advance(100)
  const rotated = (await refresh(first.refresh_token)).json()
  clock.advance(29)

  const repeated = await refresh(first.refresh_token)
  const current = await refresh(rotated.refresh_token)

  for (const response of [repeated, current]) {
    t.equal(response.statusCode, 200)
    t.equal(response.headers['signet-refresh'], 'repeated')
    t.equal(response.json().refresh_token, rotated.refresh_token)
    t.not(response.json().access_token, rotated.access_token)
    t.equal((await me(response.json().access_token)).statusCode, 200)
  }
  t.not(repeated.json().access_token, current.json().access_token, 'of one second, and two all the same')
})

t.test('a refresh token says when its session began or was rotated, until when it lives, and which it is', async t => {
  const { clock, logIn, refresh } = await testApp(t, { refreshTokenSeconds: 1000 })
  clock.advance(5_000)
  const begunAt = clock()
  const { refresh_token: first } = await logIn('maria')
  const { sid } = claimsOf(first)
  const of = (iat: number, gen: number) => ({ sub: 'user-2', exp: iat + 1000, iat, jti: `${sid}.${gen}`, sid, gen })
  t.strictSame(claimsOf(first), { ...of(begunAt, 0), token_type: 'refresh' })
  clock.advance(600)
  t.strictSame(claimsOf((await refresh(first)).json().refresh_token), {
    ...of(begunAt + 600, 1),
    token_type: 'refresh',
  })
})

t.test(
  'a refresh token used before ends the whole session, its access tokens at once, and no other session',
  async t => {
    const { clock, logIn, refresh, me, log } = await testApp(t, { refreshRetriesPerDay: 0 })
    const first = await logIn()
    const other = await logIn()
    const rotated = (await refresh(first.refresh_token)).json()
    clock.advance(30)

    const reused = await refresh(first.refresh_token)

    t.equal(reused.statusCode, 401)
    t.match(reused.json(), { detail: 'Token revoked', code: 'token_revoked' })
    t.match(reused.headers['www-authenticate'], /^Bearer error="invalid_token"/)
    t.equal((await refresh(rotated.refresh_token)).json().detail, 'Token revoked')
    t.equal((await me(rotated.access_token)).json().detail, 'Token revoked')
    t.equal((await me(other.access_token)).statusCode, 200)
    t.equal((await refresh(other.refresh_token)).statusCode, 200)
    t.match(
      log.find(line => line.includes('refresh.reuse')),
      /"sub":"user-1"/,
    )
  },
)

t.test('the token before the previous one is reuse even within the window', async t => {
  const { clock, logIn, refresh } = await testApp(t, { refreshRetriesPerDay: 100 })
  const first = await logIn()
  const second = (await refresh(first.refresh_token)).json()
  clock.advance(30)
  t.equal((await refresh(second.refresh_token)).headers['signet-refresh'], 'rotated')
  t.equal((await refresh(first.refresh_token)).json().detail, 'Token revoked')
  t.equal((await refresh(second.refresh_token)).json().detail, 'Token revoked')
})

t.test('a session ends by idleness, and at its absolute age however busy it is', async t => {
  const { app, clock, logIn, refresh } = await testApp(t, { refreshTokenSeconds: 1000, sessionMaxAgeSeconds: 2500 })
  const idle = await logIn()
  let busy = await logIn()
  for (let i = 0; i < 3; i++) {
    clock.advance(800)
    await app.revocations.poll()
    busy = (await refresh(busy.refresh_token)).json()
  }
  t.equal((await refresh(idle.refresh_token)).json().detail, 'Token expired')
  t.equal(busy.expires_in, 100, 'its last access token ends with the session')
  clock.advance(100)
  t.equal((await refresh(busy.refresh_token)).json().detail, 'Token expired')
})

t.test('a token one ahead of the database is taken, further ahead refused, and neither ends the session', async t => {
  const app = await testApp(t)
  const { sid } = claimsOf((await app.logIn()).refresh_token)

  const far = await app.refresh(signRefreshToken(app, String(sid), 2))
  t.equal(far.json().detail, 'Token revoked')
  const near = await app.refresh(signRefreshToken(app, String(sid), 1))
  t.equal(near.statusCode, 200)
  t.equal(near.headers['signet-refresh'], 'recovered')
  t.match(claimsOf(near.json().refresh_token), { gen: 2 })
  t.ok(app.log.some(line => line.includes('"level":50') && line.includes('refresh.recovered')))
})

t.test('an access token at /refresh is told apart from garbage', async t => {
  const { logIn, refresh } = await testApp(t)
  const { access_token: accessToken } = await logIn()
  t.match((await refresh(accessToken)).json(), { status: 401, detail: 'Refresh token required' })
  t.match((await refresh('garbage')).json(), { status: 401, detail: 'Invalid token' })
})

t.test('200 refreshes of one token at once: 200 answers, one successor', async t => {
  const { app, logIn, refresh } = await testApp(t)
  const { refresh_token: token } = await logIn()

  const responses = await Promise.all(Array.from({ length: 200 }, () => refresh(token)))

  t.strictSame([...new Set(responses.map(one => one.statusCode))], [200])
  t.equal(new Set(responses.map(one => one.json().refresh_token)).size, 1)
  t.equal(responses.filter(one => one.headers['signet-refresh'] === 'rotated').length, 1)
  t.equal((await app.stores.sessions.find(String(claimsOf(token)['sid'])))?.session.generation, 1)
})

t.test('once a logout was answered no refresh succeeds, whichever came first', async t => {
  const { app, logIn, refresh } = await testApp(t)
  for (let round = 0; round < 20; round++) {
    const { access_token: accessToken, refresh_token: refreshToken } = await logIn()
    const logOut = () =>
      app.inject({ method: 'POST', url: '/logout', headers: { authorization: `Bearer ${accessToken}` } })
    const order = round % 2 ? [logOut, () => refresh(refreshToken)] : [() => refresh(refreshToken), logOut]

    const answers = await Promise.all(order.map(act => act()))

    const racing = answers.find(one => one.statusCode === 200)
    const latest = racing ? racing.json().refresh_token : refreshToken
    t.equal((await refresh(latest)).json().detail, 'Token revoked')
  }
})

t.test('the OAuth form refreshes as well, and fails as RFC 6749 says', async t => {
  const { app, logIn } = await testApp(t)
  const { access_token: accessToken, refresh_token: refreshToken } = await logIn()
  const token = (form: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: '/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    })

  const refreshed = await token({ grant_type: 'refresh_token', refresh_token: refreshToken })
  t.equal(refreshed.statusCode, 200)
  t.equal(refreshed.headers['signet-refresh'], 'rotated')

  const confused = await token({ grant_type: 'refresh_token', refresh_token: accessToken })
  t.equal(confused.statusCode, 400)
  t.strictSame(confused.json(), {
    error: 'invalid_grant',
    error_description: 'Refresh token required',
    detail: 'Refresh token required',
  })
})

t.test('a login loses against a change of its user that came while the password was checked', async t => {
  const { app, log } = await testApp(t)
  const create = app.stores.sessions.create
  // The change lands between the hash and the INSERT, where no test could hit it by time.
  app.stores.sessions.create = (session, version) => create(session, version + 1)
  const response = await app.inject({
    method: 'POST',
    url: '/login',
    body: { username: 'thirdy', password: 'demo123' },
  })
  t.equal(response.json().detail, 'Invalid credentials')
  t.ok(log.some(line => line.includes('the user changed')))
})

t.test('rotating the secret logs nobody out, and dropping the old one refuses its tokens', async t => {
  const { join } = await import('node:path')
  const { temporaryFolder } = await import('../helpers/process.ts')
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const [old, fresh] = [newSecret(), newSecret()]

  const before = await testApp(t, { sqlitePath, secrets: [old] })
  const tokens = await before.logIn()
  const unused = await before.logIn()
  await before.app.close()

  const during = await testApp(t, { sqlitePath, secrets: [fresh, old] }, before.clock)
  t.equal((await during.me(tokens.access_token)).statusCode, 200)
  const refreshed = await during.refresh(tokens.refresh_token)
  t.equal(refreshed.statusCode, 200)
  const { access_token: accessToken, refresh_token: refreshToken } = refreshed.json()
  t.not(headerOf(accessToken)['kid'], headerOf(tokens.access_token)['kid'], 'new tokens are signed by the new key')
  t.not(headerOf(refreshToken)['kid'], headerOf(tokens.refresh_token)['kid'])
  await during.app.close()

  const after = await testApp(t, { sqlitePath, secrets: [fresh] }, before.clock)
  t.equal((await after.me(accessToken)).statusCode, 200)
  t.equal((await after.me(tokens.access_token)).json().detail, 'Invalid token')
  t.equal((await after.refresh(unused.refresh_token)).json().detail, 'Invalid token')
  t.equal((await after.refresh(refreshToken)).statusCode, 200)
})

/** A refresh token as only we can make it, from the secret and the database's salt. */
function signRefreshToken({ app, clock }: TestApp, sid: string, gen: number): string {
  const [secret] = app.config.secrets
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, app.stores.salt, purpose, bytes)).toString('base64url')
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const header = { alg: 'HS256', typ: 'rt+jwt', kid: derive('signet kid', 9) }
  const claims = {
    sub: 'user-1',
    exp: clock() + 1000,
    iat: clock(),
    jti: `${sid}.${gen}`,
    sid,
    gen,
    token_type: 'refresh',
  }
  const input = `${encode(header)}.${encode(claims)}`
  const key = derive('signet refresh token', 32)
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}
