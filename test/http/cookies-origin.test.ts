import t, { type Test } from 'tap'
import { form, isProblem } from '../helpers/answers.ts'
import { type TestApp, testApp } from '../helpers/app.ts'
import {
  type Headers,
  listed,
  logInByCookie,
  type Method,
  ours,
  publicUrl,
  send,
  setCookies,
} from '../helpers/cookies.ts'
import { claimsOf } from '../helpers/tokens.ts'

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
  /** The other one may have expired. */
  readonly only?: 'access' | 'refresh'
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
  { method: 'POST', url: () => '/refresh', success: 200, only: 'refresh' },
  { method: 'POST', url: () => '/logout', success: 204 },
  { method: 'POST', url: () => '/logout', success: 204, only: 'refresh' },
  { method: 'POST', url: () => '/logout', success: 204, only: 'access' },
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

for (const { method, url, body, success, withoutCookie, only } of attempts) {
  t.test(`${method} ${url('…')} by ${only ? `the ${only} ` : ''}cookie is for our own pages only`, async t => {
    const { app, clock, log } = await testApp(t, { cookieOrigins: [listed] })
    const sessions = await Promise.all(believed.map(() => logInByCookie(app, 'thirdy')))
    const attempt = (session: number, headers: Headers) => {
      const { cookie: both = '', access = '', refresh = '' } = sessions[session] ?? {}
      const cookie = only ? `__Host-signet_${only}=${{ access, refresh }[only]}` : both
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
