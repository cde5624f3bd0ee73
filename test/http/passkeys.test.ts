/** Passkeys over HTTP: added, used to confirm, and removed, with the mails of that. (Logging in: passkey-login.test.ts) */
import t from 'tap'
import { codeOf, stepAt } from '../../src/factors/totp.ts'
import { isProblem } from '../helpers/answers.ts'
import { asUser, fromBase32, type Method } from '../helpers/authenticator.ts'
import { mailApp } from '../helpers/mail.ts'
import { createAuthenticator } from '../helpers/passkey.ts'
import { claimsOf } from '../helpers/tokens.ts'
import { usual, withPasskeys } from './with-passkeys.ts'

const word = { enrolment: /^[\w-]{43}$/ }

t.test('a passkey is added in two requests, listed, and ends the other sessions', async t => {
  const { log, logIn, me, clock, enrolled } = await withPasskeys(t)
  const other = await logIn('maria')
  const before = log.length
  const { tokens, ask, added } = await enrolled('maria', { backupEligible: true, backedUp: true })
  t.match(added, { id: word.enrolment, name: 'my phone', last_used_at: null, synced: true })
  t.strictSame(Object.keys(added), ['id', 'name', 'created_at', 'last_used_at', 'synced'])
  t.strictSame((await ask('GET', '/me/passkeys')).json(), { passkeys: [added] })
  t.strictSame((await ask('GET', '/me/account')).json().second_factors, ['passkey'])
  isProblem(t, await me(other.access_token), 401, 'token_revoked')
  t.equal((await me(tokens.access_token)).statusCode, 200)
  t.match(
    log
      .slice(before)
      .flatMap(line => JSON.parse(line).audit ?? [])
      .at(-1),
    {
      event: 'factor.added',
      factor: 'passkey',
      sub: 'user-2',
      sid: claimsOf(tokens.access_token)['sid'],
      sessionsEnded: 1,
    },
  )
  clock.advance(301)
  for (const [method, url, body] of [
    ['POST', '/me/passkeys/options'],
    ['POST', '/me/passkeys', { name: 'x', response: {} }],
    ['DELETE', '/me/passkeys/x'],
  ] as [Method, string, object?][]) {
    isProblem(t, await ask(method, url, body), 401, 'fresh_login_required', url)
  }
  t.equal((await ask('GET', '/me/passkeys')).statusCode, 200)
})

t.test('it confirms a session, and a confirmation is for this session and by this user', async t => {
  const { clock, logIn, refresh, post, enrolled } = await withPasskeys(t)
  const { key, tokens, ask } = await enrolled()
  const other = await enrolled('thirdy')
  clock.advance(600)
  isProblem(t, await ask('POST', '/me/confirm', { current_password: 'demo123' }), 401, 'second_factor_required')
  const options = async () => (await ask('POST', '/me/confirm/options')).json()
  const stronger = await ask('POST', '/me/confirm', { passkey: key.get(await options(), { userVerified: false }) })
  t.match(claimsOf(stronger.json().access_token), { auth_time: clock(), amr: ['hwk', 'user', 'mfa'] })
  t.match(claimsOf((await refresh(tokens.refresh_token)).json().access_token), { auth_time: clock() })

  const wrongly = async (response: object, name: string) =>
    isProblem(t, await ask('POST', '/me/confirm', { passkey: response }), 401, 'invalid_code', name)
  await wrongly(other.key.get(await options()), 'of another user')
  await wrongly(key.get((await other.ask('POST', '/me/confirm/options')).json()), 'asked of another user')
  await wrongly(key.get((await post('/login/passkey/options')).json()), 'asked for a login')
  t.match(await logIn('maria').catch(error => error), { message: /second_factor_required/ })
})

t.test('removing the last one makes the password enough again; whoever has no password keeps it', async t => {
  const { app, clock, logIn, enrolled } = await withPasskeys(t)
  const { ask, added } = await enrolled()
  const hers = await enrolled('thirdy')
  isProblem(t, await ask('DELETE', `/me/passkeys/${hers.added.id}`), 404, 'not_found', 'of somebody else')
  isProblem(t, await ask('DELETE', '/me/passkeys/x'), 404, 'not_found')
  t.equal((await ask('DELETE', `/me/passkeys/${added.id}`)).statusCode, 204)
  t.strictSame((await ask('GET', '/me/passkeys')).json(), { passkeys: [] })
  await t.resolves(logIn('maria'))
  isProblem(t, await ask('POST', '/me/confirm/options'), 404, 'not_found')

  await app.stores.users.update(
    'user-1',
    { passwordHash: null },
    { keep: String(claimsOf(hers.tokens.access_token)['sid']) },
  )
  isProblem(t, await hers.ask('DELETE', `/me/passkeys/${hers.added.id}`), 409, 'last_way_in')
  const { secret } = (await hers.ask('POST', '/me/totp')).json()
  const code = codeOf(fromBase32(secret), stepAt(clock()))
  t.equal((await hers.ask('POST', '/me/totp/confirm', { code })).statusCode, 200)
  const refused = await hers.ask('DELETE', `/me/passkeys/${hers.added.id}`)
  isProblem(t, refused, 409, 'last_way_in', 'without a password a code is asked for nowhere')
})

t.test('where second factors are off nobody adds one, and those there are go on working', async t => {
  const { logIn, first, post, enrolled } = await withPasskeys(t)
  const { key } = await enrolled()
  const off = await withPasskeys(t, { secondFactor: 'off' })
  isProblem(
    t,
    await asUser(off, (await off.logIn('maria')).access_token)('POST', '/me/passkeys/options'),
    403,
    'second_factor_off',
  )
  t.equal((await first()).json().code, 'second_factor_required')
  const options = (await post('/login/passkey/options')).json()
  t.equal((await post('/login/passkey', { response: key.get(options) })).statusCode, 200)
  await t.resolves(logIn())
})

t.test('who has an address that is not proven adds no factor of either kind', async t => {
  const service = await withPasskeys(t)
  const { users } = service.app.stores
  const { passwordHash = null } = (await users.findById('user-2')) ?? {}
  const ana = {
    userId: 'ana',
    username: 'ana',
    email: 'a@example.com',
    emailVerified: false,
    role: 'user',
    passwordHash,
  }
  await users.create(ana)
  const ask = asUser(service, (await service.logIn('ana')).access_token)
  for (const url of ['/me/passkeys/options', '/me/totp'])
    isProblem(t, await ask('POST', url), 403, 'email_unverified', url)
})

t.test('who must add a second factor may add a passkey, and with it gets a whole token', async t => {
  const { clock, post, refresh, enrolled } = await withPasskeys(t, { secondFactor: 'required' })
  const { key, tokens } = await enrolled()
  t.match(claimsOf(tokens.access_token), { role: 'enrol' })
  clock.advance(60)
  t.match(claimsOf((await refresh(tokens.refresh_token)).json().access_token), { role: 'user' })
  const login = await post('/login/passkey', { response: key.get((await post('/login/passkey/options')).json()) })
  t.match(claimsOf(login.json().access_token), { role: 'user', amr: ['hwk', 'user', 'mfa'] })
})

t.test('its owner is told by mail when one is added, and when one is removed', async t => {
  const { app, deliver, ...service } = await mailApp(t, { secondFactor: 'optional' })
  await app.stores.users.update('user-2', { email: 'maria@example.com' })
  const ask = asUser({ app }, (await service.logIn('maria')).access_token)
  const response = createAuthenticator(usual).create((await ask('POST', '/me/passkeys/options')).json())
  const { id } = (await ask('POST', '/me/passkeys', { name: 'my phone', response })).json()
  t.match(await deliver(), [{ to: 'maria@example.com', purpose: 'factor_added' }])
  t.equal((await ask('DELETE', `/me/passkeys/${id}`)).statusCode, 204)
  t.match(await deliver(), [{ to: 'maria@example.com', purpose: 'factor_removed' }])
})
