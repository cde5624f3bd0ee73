/** The gateway's check: any method, no body, no database, and always every header (docs/gateways.md). */
import { METHODS } from 'node:http'
import t from 'tap'
import type { AccessClaims } from '../../src/tokens/access-token.ts'
import { identityHeaders } from '../../src/wire/identity-headers.ts'
import { isProblem } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { exchange, lastRequest, request } from '../helpers/raw.ts'
import { claimsOf } from '../helpers/tokens.ts'

const headerNames = ['user-id', 'username', 'email', 'role', 'session-id', 'expires-at'].map(name => `x-auth-${name}`)

t.test('a good token is 200, empty, with every identity header', async t => {
  const { app, logIn } = await testApp(t)
  const { access_token: token } = await logIn()
  const answer = await app.inject({ url: '/verify', headers: { authorization: `Bearer ${token}` } })
  const { sid, exp } = claimsOf(token)
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, '')
  t.strictSame(
    headerNames.map(name => answer.headers[name]),
    ['user-1', 'thirdy', '-', 'admin', sid, String(exp)],
  )
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(answer.headers['set-cookie'], undefined)
})

t.test('any method, with any body, is answered without reading it', async t => {
  const { app, logIn } = await testApp(t)
  const { access_token: token } = await logIn()
  for (const method of METHODS) {
    const ask = (url: string, authorization: string) =>
      app.inject({
        method: method as 'POST', // inject knows all of them, its type does not
        url,
        headers: { authorization, 'content-type': 'image/png' },
        ...(!['GET', 'HEAD', 'TRACE'].includes(method) && { payload: 'x'.repeat(100_000) }),
      })
    const answer = await ask('/verify', `Bearer ${token}`)
    t.equal(answer.statusCode, 200, method)
    t.equal(answer.headers['x-auth-user-id'], 'user-1', method)
    t.equal((await ask('/verify', 'Bearer x')).statusCode, 401, method)
    t.equal((await ask('/verify?role=editor', `Bearer ${token}`)).statusCode, 403, method)
    t.equal((await ask('/nowhere', `Bearer ${token}`)).statusCode, 404, method)
  }
})

t.test('a method of WebDAV reaches it over the wire', async t => {
  const { app, logIn } = await testApp(t)
  const { access_token: token } = await logIn()
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  for (const method of ['PROPFIND', 'M-SEARCH', 'REPORT', 'QUERY']) {
    const asked = request(`${method} /verify`, [`Authorization: Bearer ${token}`, 'Content-Length: 2'], 'xx')
    const answers = await exchange(port, asked + lastRequest)
    t.match(answers, [{ status: 200, headers: { 'x-auth-username': 'thirdy' } }, { status: 200 }], method)
  }
})

t.test('whatever is wrong is 401 with the usual words, and says nothing of anybody', async t => {
  const { app, logIn, clock } = await testApp(t)
  const { access_token: token, refresh_token: refreshToken } = await logIn()
  const ask = (authorization?: string) =>
    app.inject({ url: '/verify', ...(authorization && { headers: { authorization } }) })
  const details = async (authorization?: string) => {
    const answer = await ask(authorization)
    for (const name of headerNames) t.equal(answer.headers[name], undefined)
    return [answer.statusCode, answer.json().detail]
  }
  t.strictSame(await details(), [401, 'Missing Bearer token'])
  t.strictSame(await details('Basic dDp0'), [401, 'Missing Bearer token'])
  t.strictSame(await details(`Bearer ${refreshToken}`), [401, 'Access token required'])
  t.strictSame(await details(`Bearer ${token}x`), [401, 'Invalid token'])
  await app.inject({ method: 'POST', url: '/logout', headers: { authorization: `Bearer ${token}` } })
  t.strictSame(await details(`Bearer ${token}`), [401, 'Token revoked'])
  clock.advance(900)
  t.strictSame(await details(`Bearer ${token}`), [401, 'Token expired'])
})

t.test('a role can be asked for', async t => {
  const { app, logIn } = await testApp(t)
  const [admin, user] = [await logIn(), await logIn('maria')]
  const ask = async (token: string, query: string) => {
    const answer = await app.inject({ url: `/verify?${query}`, headers: { authorization: `Bearer ${token}` } })
    return [answer.statusCode, answer.body && answer.json().detail]
  }
  t.strictSame(await ask(admin.access_token, 'role=admin'), [200, ''])
  t.strictSame(await ask(user.access_token, 'role=admin'), [403, 'Admin role required'])
  t.strictSame(await ask(user.access_token, 'role=user'), [200, ''])
  t.strictSame(await ask(admin.access_token, 'role=user'), [403, 'Another role required'])
  t.strictSame(await ask(user.access_token, 'role=admin,user'), [200, ''], 'one of several')
  t.strictSame(await ask(admin.access_token, 'role=admin%2Cuser'), [200, ''])
  t.strictSame(await ask(user.access_token, 'role=admin,editor'), [403, 'Another role required'])
  t.strictSame(await ask(user.access_token, ''), [200, ''])
})

t.test('a role is a whole word: one that begins or ends like another is not it', async t => {
  const { app, logIn } = await testApp(t)
  const headers = { authorization: `Bearer ${(await logIn()).access_token}` }
  for (const role of ['admins', 'superadmin', 'adm', 'editor,admins', 'Admin']) {
    t.equal((await app.inject({ url: `/verify?role=${role}`, headers })).statusCode, 403, role)
  }
  t.equal((await app.inject({ url: '/verify?role=editor,admin', headers })).statusCode, 200)
})

t.test('a recent login can be asked for, and one by two factors, in the words of RFC 9470', async t => {
  const { app, clock, logIn, refresh } = await testApp(t)
  const tokens = await logIn('maria')
  const ask = async (query: string, token = tokens.access_token) => {
    const answer = await app.inject({ url: `/verify?${query}`, headers: { authorization: `Bearer ${token}` } })
    return [answer.statusCode, answer.headers['www-authenticate']]
  }
  const insufficient = (text: string, more = '') =>
    `Bearer error="insufficient_user_authentication", error_description="${text}"${more}`
  const tooOld = (seconds: number) => [401, insufficient('Fresh login required', `, max_age="${seconds}"`)]

  clock.advance(300)
  t.strictSame(await ask('max_age=300'), [200, undefined])
  t.strictSame(await ask('role=user&max_age=300&amr=pwd'), [200, undefined])
  clock.advance(1)
  t.strictSame(await ask('max_age=300'), tooOld(300))
  t.strictSame(await ask('max_age=301'), [200, undefined])
  const refreshed = (await refresh(tokens.refresh_token)).json()
  t.strictSame(await ask('max_age=300', refreshed.access_token), tooOld(300), 'a refresh is no login')
  clock.advance(-400)
  t.strictSame(await ask('max_age=300'), tooOld(300), 'the clock was set back: the login is in the future')

  t.strictSame(await ask('amr=mfa', (await logIn('maria')).access_token), [
    401,
    insufficient('Stronger login required'),
  ])
  const both = await ask('amr=mfa&max_age=60', (await logIn('maria')).access_token)
  t.strictSame(both, [401, insufficient('Stronger login required', ', max_age="60"')])
  const [status] = await ask('role=admin&amr=mfa', (await logIn('maria')).access_token)
  t.equal(status, 403, 'no login helps against a role')
})

t.test('a query that is not exactly right lets nobody pass', async t => {
  const { app, logIn } = await testApp(t)
  const { access_token: admin } = await logIn()
  const unknown = ['roles=admin', 'Role=admin', 'ROLE=admin', 'role[]=admin', 'role%5B%5D=admin', 'rol%C3%A9=admin']
  const ages = ['max_age', 'max_age=', 'max_age=0', 'max_age=-1', 'max_age=1.5', 'max_age=05', 'max_age=5m', 'maxAge=5']
  const proofs = ['amr=', 'amr=MFA', 'amr=mfa,otp', 'amr=face', 'amr=mfa&amr=mfa', 'max_age=300&max_age=300', 'acr=mfa']
  const twice = ['role=admin&role=admin', 'role=user&role=admin', 'role=&role=admin', 'role=admin&x=1', '__proto__=x']
  const empty = ['role', 'role=', 'role=,', 'role=admin,', 'role=,admin', 'role=admin,,user', 'role=%20', '=admin', 'x']
  const blanks = ['role=admin,%20user', 'role=+admin', 'role=admin%00', 'role=admin%0a', 'role=%C3%A4']
  for (const query of [...unknown, ...ages, ...proofs, ...twice, ...empty, ...blanks]) {
    for (const headers of [{ authorization: `Bearer ${admin}` }, {}]) {
      const answer = await app.inject({ url: `/verify?${query}`, headers })
      isProblem(t, answer, 400, 'invalid_request', query)
      t.ok(answer.json().errors.length > 0, query)
      t.equal(answer.headers['x-auth-user-id'], undefined)
    }
  }
})

t.test('who is called - is not nobody', async t => {
  const claims = { sub: '-', username: '-', email: null, role: '-', sid: 'x', exp: 1 } as unknown as AccessClaims
  t.match(identityHeaders(claims), { 'x-auth-username': '%2D', 'x-auth-user-id': '%2D', 'x-auth-email': '-' })
  t.match(identityHeaders({ ...claims, username: '--' }), { 'x-auth-username': '--' })
})

t.test('by cookie it is for our own pages, and for links', async t => {
  const { app, logIn } = await testApp(t, { cookieOrigins: ['https://app.example.com'] })
  const { access_token: token } = await logIn()
  const ask = async (headers: Record<string, string>, method: 'GET' | 'POST' = 'GET') =>
    (await app.inject({ method, url: '/verify', headers: { cookie: `__Host-signet_access=${token}`, ...headers } }))
      .statusCode
  t.equal(await ask({}), 200)
  t.equal(await ask({}, 'POST'), 200, 'the gateway asks with the method of the request, not with ours')
  t.equal(await ask({ origin: 'http://localhost:3000' }), 200)
  t.equal(await ask({ origin: 'https://app.example.com' }), 200)
  t.equal(await ask({ origin: 'https://evil.example' }), 403)
  t.equal(await ask({ origin: 'null' }), 403)
  t.equal(await ask({ cookie: `__Host-signet_access=${token}; __Host-signet_access=${token}` }), 401)
  t.equal(await ask({ authorization: 'Bearer wrong' }), 401, 'a header wins over the cookie')
})

t.test('it asks no database, and knows when it cannot know', async t => {
  const { app, logIn, clock } = await testApp(t)
  const { access_token: token } = await logIn()
  await app.stores.close()
  app.stores.close = async () => {}
  const ask = async () =>
    (await app.inject({ url: '/verify', headers: { authorization: `Bearer ${token}` } })).statusCode
  t.equal(await ask(), 200)
  clock.advance(899)
  t.equal(await ask(), 200)
})

t.test('what is not ASCII is percent-encoded', async t => {
  const { app, logIn } = await testApp(t)
  await app.stores.users.update('user-2', { email: 'maría%@exämple.com' })
  const { access_token: token } = await logIn('maria')
  const answer = await app.inject({ url: '/verify', headers: { authorization: `Bearer ${token}` } })
  t.equal(answer.headers['x-auth-email'], 'mar%C3%ADa%25@ex%C3%A4mple.com')
  t.equal(decodeURIComponent(String(answer.headers['x-auth-email'])), 'maría%@exämple.com')
})
