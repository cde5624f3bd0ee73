/** One's own account: seen, renamed and deleted by its owner alone, and only soon after a login. */
import t, { type Test } from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { type Overrides, testApp } from '../helpers/app.ts'
import { claimsOf } from '../helpers/tokens.ts'

const challenge =
  'Bearer error="insufficient_user_authentication", error_description="Fresh login required", max_age="300"'

async function withUsers(t: Test, overrides: Overrides = {}) {
  const service = await testApp(t, overrides)
  const as = (token: string) => (method: 'GET' | 'PATCH' | 'DELETE' | 'POST', url: string, body?: object) =>
    service.app.inject({ method, url, headers: { authorization: `Bearer ${token}` }, ...(body && { body }) })
  const account = (token: string) => as(token)('GET', '/me/account')
  const eventsSince = (index: number) => service.log.slice(index).flatMap(line => JSON.parse(line).audit ?? [])
  return { ...service, as, account, eventsSince }
}

t.test('it is the user as stored, where /me tells what the token says', async t => {
  const { app, logIn, me, account } = await withUsers(t)
  const { access_token: token } = await logIn('maria')
  const stored = (await account(token)).json()
  t.match(stored, { user_id: 'user-2', username: 'maria', email: null, role: 'user', disabled: false })
  t.match(stored, { email_verified: false, second_factors: [], pending_email: null })
  t.match(stored.created_at, /^\d{4}-\d\d-\d\dT/)
  t.notMatch(stored, /hash/i)

  await app.stores.users.update('user-2', { email: 'maria@example.com' })
  t.match((await account(token)).json(), { email: 'maria@example.com', email_verified: true })
  t.equal((await me(token)).json().email, null)
})

t.test('a token that is none, old or of a refresh sees nothing', async t => {
  const { app, logIn, account, clock } = await withUsers(t)
  const { access_token: token, refresh_token: refresh } = await logIn('maria')
  isProblem(t, await app.inject('/me/account'), 401, 'missing_token')
  isProblem(t, await account(refresh), 401, 'access_token_required')
  await app.stores.users.delete('user-2')
  isProblem(t, await account(token), 401, 'token_revoked', 'of somebody who is gone, before the next poll')
  clock.advance(900)
  isProblem(t, await account(token), 401, 'token_expired')
})

t.test('a new name is that of the next token, and the login of before stays', async t => {
  const { app, logIn, refresh, as, log, eventsSince } = await withUsers(t)
  const tokens = await logIn('maria')
  const before = log.length
  const answer = await as(tokens.access_token)('PATCH', '/me/account', { username: ' Ána ' })
  t.equal(answer.statusCode, 200)
  t.match(answer.json(), { user_id: 'user-2', username: 'ána', pending_email: null })
  t.strictSame(eventsSince(before), [
    { event: 'user.changed', sub: 'user-2', changed: ['username'], sessionsEnded: 0, ip: '127.0.0.1' },
  ])
  t.equal(claimsOf((await refresh(tokens.refresh_token)).json().access_token)['username'], 'ána')
  await t.resolves(logIn('ána'))
  const old = await app.inject({ method: 'POST', url: '/login', body: { username: 'maria', password: 'demo123' } })
  t.equal(old.statusCode, 401)
})

t.test('the rules of names hold: of one script, nobody else’s, and with @ only the own address', async t => {
  const { app, logIn, as } = await withUsers(t)
  await app.stores.users.update('user-2', { email: 'maria@example.com' })
  const patch = as((await logIn('maria')).access_token)
  for (const username of ['', ' ', 'a b', 'раypal', 'other@example.com', 'x'.repeat(65), '-']) {
    isProblem(t, await patch('PATCH', '/me/account', { username }), 400, 'invalid_request', username)
  }
  for (const body of [{}, { role: 'admin' }, { username: 'ana', disabled: false }, { username: ['ana'] }]) {
    isProblem(t, await patch('PATCH', '/me/account', body), 400, 'invalid_request', JSON.stringify(body))
  }
  isProblem(t, await patch('PATCH', '/me/account', { username: 'Thirdy' }), 409, 'taken')
  t.equal((await patch('PATCH', '/me/account', { username: 'Maria@EXAMPLE.com' })).json().username, 'maria@example.com')
  t.equal((await patch('PATCH', '/me/account', { username: 'maria' })).json().username, 'maria')
})

t.test('without mail there is no change of address, and nothing else of the request happens', async t => {
  const { app, logIn, as } = await withUsers(t)
  const { access_token: token } = await logIn('maria')
  for (const body of [{ email: 'x@example.com' }, { email: 'x@example.com', username: 'ana' }]) {
    isProblem(t, await as(token)('PATCH', '/me/account', body), 403, 'mail_off')
  }
  t.match(await app.stores.users.findById('user-2'), { username: 'maria', email: null })
})

t.test('deleting ends every session, and the name is free', async t => {
  const { app, logIn, me, refresh, as, log, eventsSince } = await withUsers(t)
  const [one, other] = [await logIn('maria'), await logIn('maria')]
  const before = log.length
  const answer = await as(one.access_token)('DELETE', '/me/account')
  t.strictSame([answer.statusCode, answer.body], [204, ''])
  t.strictSame(eventsSince(before), [{ event: 'user.deleted', sub: 'user-2', sessionsEnded: 2, ip: '127.0.0.1' }])
  for (const { access_token } of [one, other]) isProblem(t, await me(access_token), 401, 'token_revoked')
  isProblem(t, await refresh(other.refresh_token), 401, 'token_revoked')
  t.equal(await app.stores.users.findByUsername('maria'), undefined)
})

t.test('the last administrator cannot go, nor anybody where ACCOUNT_DELETION is off', async t => {
  const { app, logIn, as } = await withUsers(t)
  isProblem(t, await as((await logIn()).access_token)('DELETE', '/me/account'), 409, 'last_admin')
  await app.stores.users.update('user-2', { role: 'admin' })
  t.equal((await as((await logIn()).access_token)('DELETE', '/me/account')).statusCode, 204, 'but one of two can')

  const off = await withUsers(t, { accountDeletion: false })
  const { access_token: token } = await off.logIn('maria')
  isProblem(t, await off.as(token)('DELETE', '/me/account'), 403, 'deletion_off')
  off.clock.advance(301)
  isProblem(t, await off.as(token)('DELETE', '/me/account'), 403, 'deletion_off', 'a login would be for nothing')
  t.ok(await off.app.stores.users.findById('user-2'))
})

t.test('of two administrators who delete themselves at once, one stays', async t => {
  const { app, logIn, as } = await withUsers(t)
  await app.stores.users.update('user-2', { role: 'admin' })
  const tokens = [await logIn(), await logIn('maria')]
  const answers = await Promise.all(tokens.map(({ access_token }) => as(access_token)('DELETE', '/me/account')))
  t.strictSame(answers.map(({ statusCode }) => statusCode).toSorted(), [204, 409])
})

t.test('five minutes after the login it can be seen, and neither changed nor deleted', async t => {
  const { app, clock, logIn, refresh, as, account } = await withUsers(t)
  const tokens = await logIn('maria')
  clock.advance(300)
  t.equal((await as(tokens.access_token)('PATCH', '/me/account', { username: 'maria' })).statusCode, 200)
  clock.advance(1)
  const refreshed = (await refresh(tokens.refresh_token)).json()
  for (const token of [tokens.access_token, refreshed.access_token]) {
    for (const answer of [
      await as(token)('PATCH', '/me/account', { username: 'ana' }),
      await as(token)('DELETE', '/me/account'),
    ]) {
      isProblem(t, answer, 401, 'fresh_login_required')
      t.equal(answer.headers['www-authenticate'], challenge)
    }
    t.equal((await account(token)).statusCode, 200)
  }
  t.match(await app.stores.users.findById('user-2'), { username: 'maria' })
})

t.test('by cookie it is for our own pages only, and with the account go the cookies', async t => {
  const { app } = await withUsers(t)
  const ours = { 'sec-fetch-site': 'same-origin' }
  const cookieOf = async (username: string) => {
    const body = { username, password: 'demo123', mode: 'cookie' }
    const { cookies } = await app.inject({ method: 'POST', url: '/login', headers: ours, body })
    return cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  }
  const cookie = await cookieOf('maria')
  for (const foreign of [{}, { 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
    for (const method of ['PATCH', 'DELETE'] as const) {
      const body = method === 'PATCH' && { body: { username: 'ana' } }
      const answer = await app.inject({ method, url: '/me/account', headers: { cookie, ...foreign }, ...body })
      isProblem(t, answer, 403, 'cross_site')
    }
  }
  const remove = (cookie: string, also = {}) =>
    app.inject({ method: 'DELETE', url: '/me/account', headers: { cookie, ...ours, ...also } })
  const refused = await remove(await cookieOf('thirdy'))
  isProblem(t, refused, 409, 'last_admin')
  t.strictSame(refused.cookies, [], 'who cannot go stays logged in')
  const staging = { authorization: 'Basic dXNlcjpwYXNz' } // a password in front of us
  const answer = await remove(cookie, staging)
  t.equal(answer.statusCode, 204)
  t.strictSame(
    answer.cookies.map(({ name, value, maxAge }) => [name, value, maxAge]),
    [
      ['__Host-signet_access', '', 0],
      ['__Host-signet_refresh', '', 0],
    ],
  )
})
