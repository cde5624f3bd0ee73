/** Where a second factor is demanded: what somebody without one can do, and that nobody takes away the last way in. */
import t from 'tap'
import { codeOf, stepAt } from '../../src/factors/totp.ts'
import { form, post } from '../helpers/answers.ts'
import { type Overrides, testApp } from '../helpers/app.ts'
import { asUser, enrolled, fromBase32, steps } from '../helpers/authenticator.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

const server = { resourceServers: new Map([['shop', newSecret()]]) }

async function service(test: Parameters<typeof testApp>[0], overrides: Overrides = {}) {
  const made = await testApp(test, { secondFactor: 'admins', ...server, ...overrides })
  const tokens = await made.logIn()
  return { ...made, tokens, ask: asUser(made, tokens.access_token) }
}

t.test('an administrator without one gets a token that is good for adding one', async t => {
  const { tokens, ask, app, clock, refresh, logIn } = await service(t)
  t.match(claimsOf(tokens.access_token), { aud: 'http://localhost:3000/enrol', role: 'enrol', scope: 'enrol' })
  const maria = await logIn('maria')
  t.match(claimsOf(maria.access_token), { aud: 'http://localhost:3000', role: 'user' }, 'who is none need not')

  clock.advance(60)
  const refreshed = (await refresh(tokens.refresh_token)).json()
  t.equal(claimsOf(refreshed.access_token)['role'], 'enrol', 'nor does a refresh help')
  const grant = `grant_type=refresh_token&refresh_token=${refreshed.refresh_token}&scope=admin`
  t.equal((await post(app, '/token', form, grant)).json().scope, 'enrol', 'nor to ask for more')

  const secret = fromBase32((await ask('POST', '/me/totp')).json().secret)
  t.equal((await ask('POST', '/me/totp/confirm', { code: codeOf(secret, stepAt(clock())) })).statusCode, 200)
  t.equal((await ask('GET', '/users')).json().code, 'enrolment_required', 'this token stays what it is')
  clock.advance(60)
  const after = (await refresh(refreshed.refresh_token)).json()
  t.match(claimsOf(after.access_token), { aud: 'http://localhost:3000', role: 'admin', scope: 'admin' })
  const { first, second } = steps({ app })
  const whole = await second((await first('thirdy')).json().challenge, codeOf(secret, stepAt(clock())))
  t.equal((await asUser({ app }, whole.json().access_token)('GET', '/users')).statusCode, 200)
})

t.test('everything else is 403 enrolment_required, as is told, for gateways and services as well', async t => {
  const { tokens, app } = await service(t, { docs: true, registrationIsOpen: true })
  type Operation = { security?: object[]; responses?: object }
  const { paths } = app.swagger() as { paths: Record<string, Record<string, Operation>> }
  const may = /^\/me\/(totp|passkeys|recovery-codes|confirm)|^\/logout/
  let refused = 0
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { security, responses }] of Object.entries(methods)) {
      if (!security?.some(one => 'bearerAuth' in one)) continue
      const url = path.replace(/\{\w+\}/, 'user-2')
      const isTold = JSON.stringify(responses).includes('"enrolment_required":{"value"')
      t.equal(isTold, !may.test(path), `${method} ${path}: what the document tells`)
      if (url === '/logout' || url === '/logout/all') continue // they would end the session
      const { statusCode, body } = await app.inject({
        method: method.toUpperCase() as 'GET',
        url,
        headers: { authorization: `Bearer ${tokens.access_token}` },
        ...(method === 'get' || method === 'delete' ? {} : { body: {} }),
      })
      const isRefused = statusCode === 403 && JSON.parse(body || '{}').code === 'enrolment_required'
      t.equal(isRefused, !may.test(url), `${method} ${url}: ${statusCode}`)
      if (isRefused) refused++
    }
  }
  t.ok(refused >= 15, `${refused} refused`)
  const [id, secret] = [...server.resourceServers][0] ?? []
  const introspected = await app.inject({
    method: 'POST',
    url: '/introspect',
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'content-type': form,
    },
    body: `token=${tokens.access_token}`,
  })
  t.match(introspected.json(), { status: 403, code: 'enrolment_required' })
  const cookie = `__Host-signet_access=${tokens.access_token}`
  t.equal((await app.inject({ url: '/verify', headers: { cookie } })).json().code, 'enrolment_required')
})

t.test('they can log out, here and everywhere, and confirm who they are', async t => {
  const { ask, clock, logIn, app } = await service(t)
  clock.advance(301)
  t.equal((await ask('POST', '/me/totp')).json().code, 'fresh_login_required')
  const confirmed = (await ask('POST', '/me/confirm', { current_password: 'demo123' })).json()
  t.equal(claimsOf(confirmed.access_token)['role'], 'enrol')
  t.equal((await asUser({ app }, confirmed.access_token)('POST', '/me/totp')).statusCode, 200)
  t.strictSame((await ask('POST', '/logout/all')).json(), { sessions_ended: 1 })
  const { access_token: token } = await logIn()
  t.equal((await asUser({ app }, token)('POST', '/logout')).statusCode, 204)
})

t.test(
  'forms cannot do it: 400 mfa_required without an mfa_token, no session begins, and it is no failure',
  async t => {
    const { app } = await service(t, { loginFreeFailures: 1 })
    const before = (await app.stores.sessions.list('user-1')).length
    for (const url of ['/login', '/token', '/login']) {
      const answer = await post(app, url, form, 'grant_type=password&username=thirdy&password=demo123')
      t.equal(answer.statusCode, 400)
      t.strictSame(answer.json(), {
        error: 'mfa_required',
        error_description: 'Second factor required',
        detail: 'Second factor required',
      })
    }
    t.equal((await app.stores.sessions.list('user-1')).length, before)
  },
)

for (const secondFactor of ['required', 'admins', 'optional'] as const) {
  t.test(
    `with SECOND_FACTOR=${secondFactor} the last factor ${secondFactor === 'optional' ? 'can' : 'cannot'} be removed`,
    async t => {
      const made = await testApp(t, { secondFactor })
      const thirdy = await enrolled(made, 'thirdy')
      const tokens = await thirdy.logIn()
      const answer = await asUser(made, tokens.access_token)('DELETE', '/me/totp')
      if (secondFactor === 'optional') t.equal(answer.statusCode, 204)
      else t.match(answer.json(), { status: 409, code: 'last_way_in', detail: 'The last way to log in must stay' })
      t.equal((await thirdy.first('thirdy')).statusCode, secondFactor === 'optional' ? 200 : 401)
    },
  )
}

t.test('under required everybody must, and nobody else sees a difference', async t => {
  const made = await testApp(t, { secondFactor: 'required' })
  t.equal(claimsOf((await made.logIn('maria')).access_token)['role'], 'enrol')
  const maria = await enrolled(made)
  t.equal(claimsOf((await maria.logIn()).access_token)['role'], 'user')
})

t.test('as little can the last way in be removed by the path for those who have lost theirs', async t => {
  const demanding = await testApp(t, { secondFactor: 'admins' })
  const thirdy = await enrolled(demanding, 'thirdy')
  const admin = asUser(demanding, (await thirdy.logIn()).access_token)
  t.match((await admin('DELETE', '/users/user-1/factors')).json(), { status: 409, code: 'last_way_in' })
  t.equal((await thirdy.first('thirdy')).statusCode, 401, 'it is there')

  const made = await testApp(t, { secondFactor: 'optional' })
  const { access_token: token } = await (await enrolled(made, 'thirdy')).logIn()
  const { sid: keep } = claimsOf(token)
  await made.app.stores.users.update('user-1', { passwordHash: null }, { keep: String(keep) })
  t.equal((await asUser(made, token)('DELETE', '/users/user-1/factors')).json().code, 'last_way_in')
  await made.app.factorRemoval.removeAll('user-1', { by: 'command line' })
  t.strictSame((await made.app.users.get('user-1')).secondFactors, [], 'an operator may')
})

t.test('an administrator removes the factors of somebody who has lost them, which ends the sessions', async t => {
  const made = await testApp(t, { secondFactor: 'optional' })
  const admin = asUser(made, (await made.logIn()).access_token)
  const maria = await enrolled(made)
  const { access_token: token } = await maria.logIn()
  t.equal((await asUser(made, token)('DELETE', '/users/user-2/factors')).json().code, 'admin_required')
  made.clock.advance(301)
  const stale = await admin('DELETE', '/users/user-2/factors')
  t.equal(stale.json().code, 'fresh_login_required', 'not by an open session that somebody found')
  const fresh = asUser(made, (await made.logIn()).access_token)
  t.equal((await fresh('DELETE', '/users/user-2/factors')).statusCode, 204)
  t.equal((await made.me(token)).json().code, 'token_revoked')
  t.equal((await maria.first()).statusCode, 200)
  t.equal((await fresh('DELETE', '/users/user-2/factors')).statusCode, 404)
  t.equal((await fresh('DELETE', '/users/nobody/factors')).statusCode, 404)
  const events = made.log.map(line => JSON.parse(line).audit).filter(one => one?.event === 'factor.removed')
  t.match(events, [{ sub: 'user-2', by: 'user-1', factor: 'all', sessionsEnded: 2, ip: '127.0.0.1' }])
})
