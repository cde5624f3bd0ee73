/** Cookie mode (docs/cookies.md): where the tokens are, who may use them, and what a stranger's page cannot do. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { form, isProblem, json } from '../helpers/answers.ts'
import { claimsOf, type TestApp, testApp } from '../helpers/app.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { exchange, lastRequest, request } from '../helpers/raw.ts'

const accessName = '__Host-signet_access'
const refreshName = '__Host-signet_refresh'
const deviceName = '__Host-signet_device'
const ours = { 'sec-fetch-site': 'same-origin' }
const publicUrl = 'http://localhost:3000'
const listed = 'http://localhost:8080'

type Headers = Record<string, string>
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

function send(app: TestApp['app'], method: Method, url: string, headers: Headers = {}, body?: object | string) {
  return app.inject({ method, url, headers, ...(body !== undefined && { body }) })
}

type Answer = Awaited<ReturnType<typeof send>>

async function logInByCookie(app: TestApp['app'], username = 'maria', password = 'demo123') {
  const answer = await send(app, 'POST', '/login', ours, { username, password, mode: 'cookie' })
  if (answer.statusCode !== 200) throw new Error(`login answered ${answer.statusCode}: ${answer.body}`)
  return cookiesIn(answer)
}

/** The tokens that an answer puts into cookies, and the header a browser would send next. */
function cookiesIn(answer: Answer) {
  const value = (name: string) => answer.cookies.find(cookie => cookie.name === name)?.value ?? ''
  const [access, refresh] = [value(accessName), value(refreshName)]
  return { access, refresh, cookie: `${accessName}=${access}; ${refreshName}=${refresh}` }
}

function setCookies(answer: Answer): string[] {
  return [answer.headers['set-cookie'] ?? []].flat()
}

const expired = [
  `${accessName}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`,
  `${refreshName}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict`,
]

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

t.test('a token in the body beside a cookie is 400, and neither is used', async t => {
  const { app, clock, logIn } = await testApp(t)
  const { cookie, refresh } = await logInByCookie(app)
  const { refresh_token: other } = await logIn()
  clock.advance(60)
  for (const token of [other, refresh]) {
    for (const url of ['/refresh', '/logout']) {
      const answer = await send(app, 'POST', url, { ...ours, cookie }, { refresh_token: token })
      isProblem(t, answer, 400, 'invalid_request', url)
      t.equal(answer.json().errors[0].pointer, '/refresh_token')
      t.strictSame(setCookies(answer), [])
    }
  }
  for (const userId of ['user-1', 'user-2']) {
    t.match(await app.stores.sessions.list(userId), [{ generation: 0, revokedAt: null }])
  }
  const nothing = await send(app, 'POST', '/refresh', { ...ours, cookie: `${accessName}=x` })
  isProblem(t, nothing, 400, 'invalid_request', 'neither')
})

t.test('with a bearer in the Authorization header cookies are not read, whatever either of them holds', async t => {
  const { app, logIn } = await testApp(t)
  const { cookie } = await logInByCookie(app)
  const bearer = `Bearer ${(await logIn('thirdy')).access_token}`
  const doubled = `${cookie}; ${cookie}`

  for (const value of [cookie, doubled, `${accessName}=x`]) {
    const answer = await send(app, 'GET', '/me', { cookie: value, authorization: bearer })
    t.equal(answer.json().user_id, 'user-1', 'the bearer is who asks')
  }
  for (const [authorization, code] of [
    ['Bearer', 'missing_token'],
    ['bearer ', 'missing_token'],
    ['Bearer\tx', 'missing_token'],
    ['Bearer x', 'invalid_token'],
  ] as const) {
    const headers = { ...ours, cookie, authorization }
    isProblem(t, await send(app, 'GET', '/me', headers), 401, code, `/me ${authorization}`)
    isProblem(t, await send(app, 'POST', '/logout', headers), 401, code, `/logout ${authorization}`)
    isProblem(t, await send(app, 'POST', '/logout/all', headers), 401, code, `/logout/all ${authorization}`)
    isProblem(t, await send(app, 'POST', '/refresh', headers), 400, 'invalid_request', `/refresh ${authorization}`)
  }
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const logout = await send(app, 'POST', '/logout', { ...foreign, cookie, authorization: bearer })
  t.equal(logout.statusCode, 204, 'a bearer is under no cross-site rule')
  t.strictSame(setCookies(logout), [], 'and the cookies of the other session stay')
  t.equal((await send(app, 'GET', '/me', { cookie })).statusCode, 200)
})

t.test('another scheme, as of a password in front of us, hides no cookie', async t => {
  for (const authorization of ['Basic dXNlcjpwYXNz', 'Digest username="x"', 'BearerX y', 'x', '']) {
    const { app } = await testApp(t)
    const { cookie, access, refresh } = await logInByCookie(app, 'thirdy')
    const status = async (method: 'GET' | 'POST' | 'DELETE', url: string, sent = cookie) =>
      (await send(app, method, url, { ...ours, cookie: sent, authorization })).statusCode
    for (const url of ['/me', '/sessions', '/verify', '/verify?role=admin', '/users']) {
      t.equal(await status('GET', url), 200, `${url} ${authorization}`)
    }
    const foreign = { origin: 'https://evil.example', cookie, authorization }
    t.equal((await send(app, 'POST', '/verify', foreign)).statusCode, 403, 'but its rules hold')
    t.equal((await send(app, 'POST', '/logout', foreign)).statusCode, 403)
    t.equal(await status('POST', '/refresh', `${refreshName}=${refresh}`), 200)
    const all = await send(app, 'POST', '/logout/all', { ...ours, cookie: `${accessName}=${access}`, authorization })
    t.equal(all.statusCode, 200)
    t.equal(setCookies(all).length, 2, 'and they are taken away')
    t.equal(await status('POST', '/logout'), 204)
  }
})

t.test('one of our cookies sent twice is 401, in one header or in two, and nothing happens', async t => {
  const { app, clock } = await testApp(t)
  const { cookie, access, refresh } = await logInByCookie(app)
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  clock.advance(60)
  const one = (name: string, token: string) => `${name}=${token}`
  const accesses = [one(accessName, access), one(accessName, 'planted')]
  const refreshes = [one(refreshName, refresh), one(refreshName, refresh)]

  for (const [line, twice] of [
    ['GET /me', accesses],
    ['GET /me', accesses.toReversed()],
    ['GET /sessions', accesses],
    ['POST /refresh', refreshes],
    ['POST /logout', refreshes],
    ['POST /logout/all', accesses],
  ] as const) {
    const fixed = ['Sec-Fetch-Site: same-origin', 'Content-Length: 0']
    for (const cookies of [[`Cookie: ${twice.join('; ')}`], twice.map(each => `Cookie: ${each}`)]) {
      const [answer] = await exchange(port, request(line, [...fixed, ...cookies]) + lastRequest)
      t.equal(answer?.status, 401, `${line} ${cookies.length}`)
      t.match(JSON.parse(answer?.body ?? ''), { detail: 'Invalid token', code: 'invalid_token' })
      t.notOk(answer?.headers['set-cookie'])
    }
  }
  t.match(await app.stores.sessions.list('user-2'), [{ generation: 0, revokedAt: null }])
  const others = await send(app, 'GET', '/me', { cookie: `x=1; ${cookie}; x=2` })
  t.equal(others.statusCode, 200, "other people's cookies may repeat")
})

t.test('logout by either cookie, even an expired one, ends the session and expires both cookies', async t => {
  const { app, clock } = await testApp(t)
  for (const kind of ['both', 'access', 'refresh'] as const) {
    const { cookie, access, refresh } = await logInByCookie(app)
    clock.advance(3600)
    await app.revocations.poll()
    const sent = { both: cookie, access: `${accessName}=${access}`, refresh: `${refreshName}=${refresh}` }[kind]
    for (const call of ['first', 'second']) {
      const answer = await send(app, 'POST', '/logout', { ...ours, cookie: sent })
      t.equal(answer.statusCode, 204, `${kind}, ${call} call`)
      t.strictSame(setCookies(answer), expired)
      t.notOk('clear-site-data' in answer.headers, "other applications' cookies stay")
    }
    t.strictSame(await app.stores.sessions.list('user-2'), [])
  }

  const { cookie } = await logInByCookie(app)
  const everywhere = await send(app, 'POST', '/logout/all', { ...ours, cookie })
  t.strictSame(everywhere.json(), { sessions_ended: 1 })
  t.strictSame(setCookies(everywhere), expired)

  const strange = await send(app, 'POST', '/logout', { ...ours, cookie: `${refreshName}=of.another.secret` })
  isProblem(t, strange, 401, 'invalid_token', 'a cookie that is no token of ours')
  t.strictSame(setCookies(strange), expired, 'goes too: no script could remove it')
})

t.test('a logout that could not end the session keeps the cookies, so that it can be repeated', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app } = await testApp(t, { sqlitePath })
  const { cookie } = await logInByCookie(app)
  const other = new DatabaseSync(sqlitePath)
  other.exec('BEGIN IMMEDIATE')
  const answer = await send(app, 'POST', '/logout', { ...ours, cookie })
  isProblem(t, answer, 503, 'unavailable', 'somebody else holds the database')
  t.strictSame(setCookies(answer), [])

  other.exec('ROLLBACK')
  other.close()
  t.equal((await send(app, 'POST', '/logout', { ...ours, cookie })).statusCode, 204)
})

const believed: Headers[] = [
  ours,
  { ...ours, origin: 'http://127.0.0.1:3000' },
  { origin: publicUrl },
  { origin: listed, 'sec-fetch-site': 'same-site' },
]

const refused: Headers[] = [
  {},
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
  { 'sec-fetch-site': 'same-site', origin: 'http://localhost:8081' },
  { 'sec-fetch-site': 'cross-site', origin: 'null' },
  { origin: 'https://localhost:3000' },
  { origin: `${publicUrl}.evil.example` },
  { origin: `${publicUrl}/` },
  { origin: 'http://LOCALHOST:3000' },
  { origin: `${publicUrl}, https://evil.example` },
  { referer: `${publicUrl}/login` },
  { 'x-requested-with': 'XMLHttpRequest', 'x-csrf-token': 'x' },
  { origin: 'https://evil.example', host: 'evil.example', 'x-forwarded-host': 'evil.example' },
]

interface Attempt {
  readonly method: Method
  readonly url: (sid: string) => string
  readonly body?: object
  readonly success: number
  readonly withoutCookie?: true
}

/** Every unsafe request that a cookie can drive, and the login that would set one. */
const attempts: Attempt[] = [
  {
    method: 'POST',
    url: () => '/login',
    body: { username: 'thirdy', password: 'demo123', mode: 'cookie' },
    success: 200,
    withoutCookie: true,
  },
  { method: 'POST', url: () => '/refresh', success: 200 },
  { method: 'POST', url: () => '/logout', success: 204 },
  { method: 'POST', url: () => '/logout/all', success: 200 },
  { method: 'DELETE', url: sid => `/sessions/${sid}`, success: 204 },
  {
    method: 'PUT',
    url: () => '/me/password',
    body: { current_password: 'demo123', new_password: 'a much longer one' },
    success: 204,
  },
  { method: 'POST', url: () => '/me/confirm', body: { current_password: 'demo123' }, success: 200 },
  { method: 'PATCH', url: () => '/me/account', body: { username: 'evil' }, success: 200 },
  { method: 'POST', url: () => '/users/user-2/logout', success: 200 },
  { method: 'POST', url: () => '/users', body: { username: 'evil', password: 'a much longer one' }, success: 201 },
  { method: 'DELETE', url: () => '/users/user-2', success: 204 },
]

for (const { method, url, body, success, withoutCookie } of attempts) {
  t.test(`${method} ${url('…')} by cookie is for our own pages only`, async t => {
    const { app, clock, log } = await testApp(t, { cookieOrigins: [listed] })
    const sessions = await Promise.all(believed.map(() => logInByCookie(app, 'thirdy')))
    const attempt = (session: number, headers: Headers) => {
      const { cookie = '', access = '' } = sessions[session] ?? {}
      const path = url(String(claimsOf(access)['sid']))
      return send(app, method, path, { ...headers, ...(!withoutCookie && { cookie }) }, body)
    }
    clock.advance(60)
    const before = await stateOf(app)
    log.length = 0

    for (const headers of refused) {
      const answer = await attempt(0, headers)
      isProblem(t, answer, 403, 'cross_site', JSON.stringify(headers))
      t.equal(answer.json().detail, 'Cross-site request refused')
      t.strictSame(setCookies(answer), [])
    }
    t.strictSame(await stateOf(app), before, 'nothing has changed')
    t.notOk(log.join('').includes('"audit"'), 'nothing has happened')

    const answers = []
    for (const [session, headers] of believed.entries()) answers.push((await attempt(session, headers)).statusCode)
    t.equal(answers[0], success)
    t.notOk(answers.includes(403), `what came first may have ended the other sessions: ${answers}`)
  })
}

async function stateOf({ stores }: TestApp['app']) {
  const users = await stores.users.list({ limit: 100 })
  return Promise.all(users.map(async user => ({ user, sessions: await stores.sessions.list(user.userId) })))
}

t.test(
  'a login refused as cross-site is no attempt: no password is checked, and the account need not wait',
  async t => {
    const { app } = await testApp(t)
    for (const password of [...Array(10).fill('wrong'), 'demo123']) {
      const answer = await send(app, 'POST', '/login', {}, { username: 'maria', password, mode: 'cookie' })
      isProblem(t, answer, 403, 'cross_site', password)
    }
    await logInByCookie(app)
  },
)

t.test('a safe request by cookie needs no proof: a link from anywhere finds the user logged in', async t => {
  const { app } = await testApp(t)
  const { cookie } = await logInByCookie(app)
  for (const headers of refused) {
    for (const url of ['/me', '/sessions']) {
      t.equal((await send(app, 'GET', url, { ...headers, cookie })).statusCode, 200, JSON.stringify(headers))
    }
  }
})

t.test('what a form of another site can send drives nothing: not as text, not as multipart, not as a form', async t => {
  const { app, clock } = await testApp(t)
  const { cookie } = await logInByCookie(app)
  clock.advance(60)
  const before = await stateOf(app)
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', cookie }
  const login = JSON.stringify({ username: 'thirdy', password: 'demo123', mode: 'cookie' })
  const multipart = '--x\r\ncontent-disposition: form-data; name="mode"\r\n\r\ncookie\r\n--x--\r\n'
  for (const [type, body] of [
    ['text/plain', login],
    ['text/plain; charset=utf-8', `${login.slice(0, -1)},"x":"=`],
    ['multipart/form-data; boundary=x', multipart],
    [form, 'x=1'],
    [undefined, ''],
  ] as const) {
    for (const url of ['/login', '/refresh', '/logout', '/logout/all']) {
      const answer = await send(app, 'POST', url, { ...foreign, ...(type && { 'content-type': type }) }, body)
      t.match(String(answer.statusCode), /^4(00|03|15)$/, `${url} ${type}: ${answer.statusCode}`)
      t.strictSame(setCookies(answer), [])
    }
  }
  t.strictSame(await stateOf(app), before)
  await isLoggedIn(t, app, cookie)
})

async function isLoggedIn(t: Test, app: TestApp['app'], cookie: string): Promise<void> {
  t.equal((await send(app, 'GET', '/me', { cookie })).statusCode, 200)
  t.equal((await send(app, 'POST', '/refresh', { ...ours, cookie })).statusCode, 200)
}
