/** An authenticator app: added, used, replaced and removed over HTTP. */
import t from 'tap'
import { codeOf, stepAt } from '../../src/factors/totp.ts'
import { testApp } from '../helpers/app.ts'
import { asUser, enrolled, fromBase32, steps } from '../helpers/authenticator.ts'
import { claimsOf } from '../helpers/tokens.ts'

const on = { secondFactor: 'optional' } as const

t.test('a code is asked for once the app was confirmed, and not before', async t => {
  const service = await testApp(t, on)
  const { access_token: token } = await service.logIn('maria')
  const ask = asUser(service, token)
  const begun = await ask('POST', '/me/totp')
  t.equal(begun.statusCode, 200)
  t.match(begun.json(), { secret: /^[A-Z2-7]{32}$/, uri: /^otpauth:\/\/totp\/localhost:maria\?/, qr: /^<svg / })
  t.equal(begun.headers['cache-control'], 'no-store')
  t.equal((await service.logIn('maria')).token_type, 'bearer', 'it is not confirmed')

  for (const code of ['000000', 'abc', '']) {
    const refused = await ask('POST', '/me/totp/confirm', { code })
    t.equal(refused.statusCode, code === '' ? 400 : 401, code)
  }
  const secret = fromBase32(begun.json().secret)
  const confirmed = await ask('POST', '/me/totp/confirm', { code: codeOf(secret, stepAt(service.clock())) })
  t.equal(confirmed.statusCode, 200)
  t.equal(confirmed.json().recovery_codes.length, 10)
  t.strictSame((await ask('GET', '/me/account')).json().second_factors, ['totp'])

  const asked = await steps(service).first()
  t.equal(asked.statusCode, 401)
  t.equal(asked.headers['www-authenticate'], 'Bearer realm="signet"', 'nothing is wrong with a token')
  t.match(asked.json(), {
    code: 'second_factor_required',
    detail: 'Second factor required',
    challenge: /^ey/,
    factors: ['totp', 'recovery_code'],
  })
})

t.test('both steps give tokens that say so, and go on saying so after a refresh', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  t.strictSame(claimsOf(maria.tokens.access_token)['amr'], ['pwd'])
  const tokens = await maria.logIn()
  t.strictSame(claimsOf(tokens.access_token)['amr'], ['pwd', 'otp', 'mfa'])
  t.equal((await service.me(tokens.access_token)).statusCode, 200)
  service.clock.advance(100)
  const refreshed = (await service.refresh(tokens.refresh_token)).json()
  t.strictSame(claimsOf(refreshed.access_token)['amr'], ['pwd', 'otp', 'mfa'])
})

t.test('the code may come with the password, and of somebody without a factor it is ignored', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const whole = await maria.first('maria', 'demo123', { code: maria.code() })
  t.equal(whole.statusCode, 200)
  t.strictSame(claimsOf(whole.json().access_token)['amr'], ['pwd', 'otp', 'mfa'])
  const again = await maria.first('maria', 'demo123', { code: maria.code() })
  t.match(again.json(), { status: 401, code: 'invalid_code', detail: 'Invalid code' })
  const other = await maria.first('thirdy', 'demo123', { code: '123456' })
  t.strictSame(claimsOf(other.json().access_token)['amr'], ['pwd'])
})

t.test('a code used once is used: the next login, the other way in, and the one that confirmed it', async t => {
  const service = await testApp(t, on)
  const { access_token: token } = await service.logIn('maria')
  const ask = asUser(service, token)
  const secret = fromBase32((await ask('POST', '/me/totp')).json().secret)
  const code = (ahead = 0) => codeOf(secret, stepAt(service.clock()) + ahead)
  const confirming = code()
  t.equal((await ask('POST', '/me/totp/confirm', { code: confirming })).statusCode, 200)
  const { first, second } = steps(service)
  const challenge = async () => (await first()).json().challenge
  t.equal((await second(await challenge(), confirming)).statusCode, 401, 'the confirming one')
  t.equal((await second(await challenge(), code(-1))).statusCode, 401, 'an earlier one')

  service.clock.advance(30)
  const used = code()
  t.equal((await second(await challenge(), used)).statusCode, 200)
  t.equal((await second(await challenge(), used)).statusCode, 401)
  t.equal((await first('maria', 'demo123', { code: used })).statusCode, 401)
  service.clock.advance(30)
  t.equal((await second(await challenge(), used)).statusCode, 401, 'still within its time')
  service.clock.advance(3600) // that were five, whoever has shown a right one meanwhile
  t.equal((await second(await challenge(), code())).statusCode, 200)
})

t.test('adding and removing end the other sessions and what is half done, and this session goes on', async t => {
  const service = await testApp(t, on)
  const other = await service.logIn('maria')
  const maria = await enrolled(service)
  t.equal((await service.me(other.access_token)).json().code, 'token_revoked')
  t.equal((await service.me(maria.tokens.access_token)).statusCode, 200)

  const tokens = await maria.logIn()
  const challenge = await maria.challenge()
  const removed = await asUser(service, tokens.access_token)('DELETE', '/me/totp')
  t.equal(removed.statusCode, 204)
  t.equal((await service.me(maria.tokens.access_token)).json().code, 'token_revoked')
  t.equal((await service.me(tokens.access_token)).statusCode, 200)
  service.clock.advance(30)
  t.equal((await maria.second(challenge, maria.code())).json().code, 'invalid_code')
  t.equal((await maria.first()).statusCode, 200, 'the password is enough again')
  t.equal((await asUser(service, tokens.access_token)('DELETE', '/me/totp')).statusCode, 404)
})

t.test('another app takes the place of the first one, and until it is confirmed the first one counts', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const tokens = await maria.logIn()
  const ask = asUser(service, tokens.access_token)
  const secret = fromBase32((await ask('POST', '/me/totp')).json().secret)
  await maria.logIn()
  const code = () => codeOf(secret, stepAt(service.clock()))
  const fresh = (await ask('POST', '/me/totp/confirm', { code: code() })).json().recovery_codes
  service.clock.advance(60)
  t.equal((await maria.second(await maria.challenge(), maria.code())).statusCode, 401)
  t.equal((await maria.second(await maria.challenge(), maria.recoveryCodes[0] ?? '')).statusCode, 401, 'nor its codes')
  t.equal((await maria.second(await maria.challenge(), code())).statusCode, 200)
  t.equal((await maria.second(await maria.challenge(), fresh[0])).statusCode, 200)
})

t.test('an enrolment is of its session, of its user as it was, and lasts ten minutes', async t => {
  const service = await testApp(t, on)
  const [one, two] = [await service.logIn('maria'), await service.logIn('maria')]
  const [here, there] = [asUser(service, one.access_token), asUser(service, two.access_token)]
  const begin = async () => {
    const secret = fromBase32((await here('POST', '/me/totp')).json().secret)
    return () => codeOf(secret, stepAt(service.clock()))
  }
  const code = await begin()
  t.equal((await there('POST', '/me/totp/confirm', { code: code() })).json().code, 'invalid_code', 'another session')
  const newer = await begin()
  t.equal((await here('POST', '/me/totp/confirm', { code: code() })).json().code, 'invalid_code', 'an older secret')
  await here('PUT', '/me/password', { current_password: 'demo123', new_password: 'a long sentence of mine' })
  t.equal((await here('POST', '/me/totp/confirm', { code: newer() })).json().code, 'invalid_code', 'a changed password')
  const last = await begin()
  service.clock.advance(600)
  await here('POST', '/me/confirm', { current_password: 'a long sentence of mine' })
  const fresh = (await here('POST', '/me/confirm', { current_password: 'a long sentence of mine' })).json().access_token
  t.equal(
    (await asUser(service, fresh)('POST', '/me/totp/confirm', { code: last() })).json().code,
    'invalid_code',
    'too late',
  )
  t.strictSame((await here('GET', '/me/account')).json().second_factors, [])
})

t.test('who has left a browser open has not left it open for this: a fresh login is asked for', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const tokens = await maria.logIn()
  service.clock.advance(301)
  const ask = asUser(service, tokens.access_token)
  for (const [method, url, body] of [
    ['POST', '/me/totp'],
    ['POST', '/me/totp/confirm', { code: '123456' }],
    ['DELETE', '/me/totp'],
    ['POST', '/me/recovery-codes'],
  ] as const) {
    t.equal((await ask(method, url, body)).json().code, 'fresh_login_required', url)
  }
  t.equal((await ask('POST', '/me/confirm', { current_password: 'demo123' })).json().code, 'second_factor_required')
  t.equal((await ask('POST', '/me/confirm', { code: '000000' })).json().code, 'invalid_code')
  const confirmed = await ask('POST', '/me/confirm', { code: maria.code() })
  t.equal(confirmed.statusCode, 200)
  t.equal((await asUser(service, confirmed.json().access_token)('DELETE', '/me/totp')).statusCode, 204)
})

t.test('a session that began with a password alone is confirmed by a code where two factors are asked for', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const verify = (token: string) =>
    service.app.inject({ url: '/verify?amr=mfa', headers: { authorization: `Bearer ${token}` } })
  const refused = await verify(maria.tokens.access_token)
  t.equal(refused.statusCode, 401)
  t.match(refused.headers['www-authenticate'], 'error="insufficient_user_authentication"')
  const confirmed = (await maria.ask('POST', '/me/confirm', { code: maria.code() })).json()
  t.strictSame(claimsOf(confirmed.access_token)['amr'], ['otp', 'mfa'])
  t.equal((await verify(confirmed.access_token)).statusCode, 200)
})

t.test(
  'with SECOND_FACTOR off nobody adds one, and those that are stored are asked for and can be removed',
  async t => {
    const clock = (await testApp(t)).clock
    const path = { sqlitePath: `${t.testdir()}/signet.db` }
    const before = await testApp(t, { ...on, ...path }, clock)
    const maria = await enrolled(before)
    const secrets = before.app.config.secrets
    const service = await testApp(t, { ...path, secrets, secondFactor: 'off' }, clock)
    const ask = asUser(service, (await service.logIn()).access_token)
    for (const [url, body] of [['/me/totp'], ['/me/totp/confirm', { code: '123456' }]] as const) {
      t.match((await ask('POST', url, body)).json(), { status: 403, code: 'second_factor_off' }, url)
    }
    const { first, second } = steps(service)
    const tokens = (await second((await first()).json().challenge, maria.code())).json()
    t.equal((await asUser(service, tokens.access_token)('DELETE', '/me/totp')).statusCode, 204)
    t.equal((await first()).statusCode, 200)
  },
)

t.test('a code is taken at every door as people type it: in groups, with blanks around', async t => {
  const service = await testApp(t, on)
  const { access_token: token } = await service.logIn('maria')
  const ask = asUser(service, token)
  const secret = fromBase32((await ask('POST', '/me/totp')).json().secret)
  const { first, second } = steps(service)
  const form = (url: string, fields: Record<string, string>) =>
    service.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(new URLSearchParams({ username: 'maria', password: 'demo123', ...fields })),
    })
  const doors: Record<string, (code: string) => Promise<{ statusCode: number; body: string }>> = {
    confirming: code => ask('POST', '/me/totp/confirm', { code }),
    'with the password': code => first('maria', 'demo123', { code }),
    'after the password': async code => second((await first()).json().challenge, code),
    'in a form': otp => form('/login', { otp }),
    'of OAuth 2.0': otp => form('/token', { grant_type: 'password', otp }),
    'once more': code => ask('POST', '/me/confirm', { code }),
  }
  for (const [door, knock] of Object.entries(doors)) {
    const code = codeOf(secret, stepAt(service.clock()))
    const { statusCode, body } = await knock(` ${code.slice(0, 3)} ${code.slice(3)} `)
    t.equal(statusCode, 200, `${door}: ${body}`)
    service.clock.advance(30)
  }
})
