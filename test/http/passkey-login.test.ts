/** Logging in by passkey: as the second factor, or instead of a password, and what is no answer of one. */
import t from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { claimsOf } from '../helpers/tokens.ts'
import { withPasskeys } from './with-passkeys.ts'

t.test('with a password it is the second factor', async t => {
  const { first, post, clock, log, enrolled } = await withPasskeys(t)
  const { key } = await enrolled()
  clock.advance(60)
  const asked = (await first()).json()
  t.match(asked, { code: 'second_factor_required', factors: ['passkey'] })
  t.match(asked.passkey, { rpId: 'localhost', allowCredentials: [{ id: key.credentialId, type: 'public-key' }] })

  const { challenge } = asked
  const answer = { challenge, passkey: key.get(asked.passkey, { userVerified: false }) }
  const before = log.length
  const tokens = await post('/login/second-factor', answer)
  t.equal(tokens.statusCode, 200)
  t.strictSame(claimsOf(tokens.json().access_token)['amr'], ['pwd', 'hwk', 'user', 'mfa'])
  t.match(
    log.slice(before).flatMap(line => JSON.parse(line).audit ?? []),
    [{ event: 'login', sub: 'user-2' }],
  )
  isProblem(t, await post('/login/second-factor', answer), 401, 'invalid_code', 'a replay')

  const again = (await first()).json()
  isProblem(t, await post('/login/second-factor', { ...answer, challenge: again.challenge }), 401, 'invalid_code')
  const mixed = { challenge: again.challenge, passkey: key.get(asked.passkey) }
  isProblem(t, await post('/login/second-factor', mixed), 401, 'invalid_code', 'the question of another login')
  const failures = log.flatMap(line => JSON.parse(line).audit ?? []).filter(({ event }) => event === 'factor.failed')
  t.strictSame(failures, Array(2).fill({ event: 'factor.failed', factor: 'passkey', sub: 'user-2', ip: '127.0.0.1' }))
})

t.test('it may verify its user for the second step, or not, and one answer wins', async t => {
  const { first, post, enrolled } = await withPasskeys(t)
  const { key } = await enrolled('maria', { backupEligible: true })
  const asked = (await first()).json()
  const answer = { challenge: asked.challenge, passkey: key.get(asked.passkey) }
  const answers = await Promise.all(Array.from({ length: 20 }, () => post('/login/second-factor', answer)))
  const good = answers.filter(({ statusCode }) => statusCode === 200)
  t.equal(good.length, 1)
  t.strictSame(claimsOf(good[0]?.json().access_token)['amr'], ['pwd', 'swk', 'user', 'mfa'])
})

t.test('instead of a password it is a login by two factors', async t => {
  const { post, clock, log, refresh, enrolled } = await withPasskeys(t)
  const { key, ask } = await enrolled('maria', { backupEligible: true })
  clock.advance(60)
  const options = (await post('/login/passkey/options')).json()
  const answer = await post('/login/passkey', { response: key.get(options) })
  t.equal(answer.statusCode, 200)
  t.strictSame(Object.keys(answer.json()), ['access_token', 'refresh_token', 'token_type', 'expires_in'])
  const claims = claimsOf(answer.json().access_token)
  t.match(claims, { sub: 'user-2', amr: ['swk', 'user', 'mfa'], auth_time: clock() })
  clock.advance(60)
  const refreshed = claimsOf((await refresh(answer.json().refresh_token)).json().access_token)
  t.match(refreshed, { amr: ['swk', 'user', 'mfa'], auth_time: clock() - 60 })
  t.match((await ask('GET', '/me/passkeys')).json().passkeys, [{ last_used_at: /T/ }])
  t.ok(log.some(line => line.includes('"event":"login"') && line.includes('"swk"')))

  for (const says of [{ userVerified: false }, { origin: 'https://evil.example' }, { rpId: 'evil.example' }]) {
    const again = (await post('/login/passkey/options')).json()
    const refused = await post('/login/passkey', { response: key.get(again, says) })
    isProblem(t, refused, 401, 'invalid_code', JSON.stringify(says))
    t.match(refused.json(), { detail: 'Invalid code' })
  }
  isProblem(t, await post('/login/passkey', { response: key.get(options) }), 401, 'invalid_code', 'an old question')
})

t.test(
  'by cookie the tokens go into cookies, for our own pages only: what another site sends begins nothing',
  async t => {
    const { app, post, enrolled } = await withPasskeys(t)
    const { key } = await enrolled()
    const response = key.get((await post('/login/passkey/options')).json())
    const logIn = (origin: string) =>
      app.inject({ method: 'POST', url: '/login/passkey', headers: { origin }, body: { response, mode: 'cookie' } })
    const sessions = () => app.stores.sessions.list('user-2')
    const before = await sessions()
    isProblem(t, await logIn('https://evil.example'), 403, 'cross_site')
    t.strictSame(await sessions(), before)
    const answer = await logIn('http://localhost:3000')
    t.equal(answer.body, '{"token_type":"cookie","expires_in":900}')
    t.equal(answer.cookies.length, 3)
  },
)

t.test('one address has its limit on passkeys as on passwords', async t => {
  const { post } = await withPasskeys(t, { loginLimitPerIp: 2 })
  for (const status of [200, 200, 429]) t.equal((await post('/login/passkey/options')).statusCode, status)
})

t.test('what is no answer of a browser is 400, and what is none of ours 401', async t => {
  const { post, enrolled } = await withPasskeys(t)
  const { key, ask } = await enrolled()
  const good = key.get((await post('/login/passkey/options')).json())
  for (const response of [
    {},
    { ...good, id: 5 },
    { ...good, id: 'a b' },
    { ...good, type: 'x' },
    { ...good, response: {} },
    { ...good, response: { ...good.response, signature: '+/=' } },
    { ...good, response: { ...good.response, clientDataJSON: null } },
  ]) {
    isProblem(
      t,
      await post('/login/passkey', { response }),
      400,
      'invalid_request',
      JSON.stringify(response).slice(0, 60),
    )
  }
  for (const body of [{ name: '', response: {} }, { name: 'x'.repeat(65) }, {}]) {
    isProblem(t, await ask('POST', '/me/passkeys', body), 400, 'invalid_request')
  }
  const more = {
    ...good,
    authenticatorAttachment: 'platform',
    somethingNew: {},
    response: { ...good.response, other: 1 },
  }
  t.equal((await post('/login/passkey', { response: more })).statusCode, 200, 'browsers add members')
  const nobody = { ...good, response: { ...good.response, userHandle: null } }
  isProblem(t, await post('/login/passkey', { response: nobody }), 401, 'invalid_code')
})
