/** The two steps of a login: what the challenge is worth, where it dies, and what forms and cookies get. */
import { createHmac } from 'node:crypto'
import t from 'tap'
import { deriveKey } from '../../src/keys/secret.ts'
import { form, json, post } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { asUser, enrolled, steps } from '../helpers/authenticator.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { claimsOf, headerOf, newSecret } from '../helpers/tokens.ts'

const on = { secondFactor: 'optional' } as const
const sentence = 'a long sentence of mine'

/** What everything dead or wrong is answered, to the letter. */
const refused =
  '{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Invalid code","code":"invalid_code"}'

t.test('a wrong code, a used challenge, one that is over and one of nobody are all alike', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const challenge = await maria.challenge()
  const answers = [await maria.second(challenge, '000000'), await maria.second(challenge, 'AAAA-AAAA-AAAA-AAAA')]
  t.equal((await maria.second(challenge, maria.code())).statusCode, 200)
  service.clock.advance(30)
  answers.push(await maria.second(challenge, maria.code()))
  const late = await maria.challenge()
  service.clock.advance(300)
  for (const dead of [late, 'x', 'a.b.c', `${late}x`, maria.tokens.access_token, maria.tokens.refresh_token]) {
    answers.push(await maria.second(dead, maria.code()))
  }
  for (const { body, headers, statusCode } of answers) {
    t.equal(body, refused)
    t.equal(statusCode, 401)
    t.equal(headers['www-authenticate'], 'Bearer realm="signet"')
  }
})

t.test('it is good for five minutes to the second, and for five tries', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const challenge = await maria.challenge()
  service.clock.advance(299)
  t.equal((await maria.second(challenge, maria.code())).statusCode, 200)

  service.clock.advance(30)
  const tried = await maria.challenge()
  for (let i = 0; i < 4; i++) t.equal((await maria.second(tried, '000000')).statusCode, 401)
  t.equal((await maria.second(tried, maria.code())).statusCode, 200, 'the fifth')
  service.clock.advance(30)
  const worn = await maria.challenge()
  for (let i = 0; i < 5; i++) await maria.second(worn, '000000')
  service.clock.advance(30)
  t.equal((await maria.second(worn, maria.code())).body, refused, 'the sixth')
  t.equal((await maria.second(await maria.challenge(), maria.code())).statusCode, 200, 'it was not looked at')
})

t.test('a code may be typed with blanks, as apps show it', async t => {
  const maria = await enrolled(await testApp(t, on))
  const code = maria.code()
  const typed = ` ${code.slice(0, 3)} ${code.slice(3)} `
  t.equal((await maria.second(await maria.challenge(), typed)).statusCode, 200)
})

t.test('nobody else signs one, and it is signed as no token is', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const [one, two] = [await maria.challenge(), await maria.challenge()]
  const [header = '', payload = '', signature = ''] = one.split('.')
  t.strictSame(headerOf(one), { alg: 'HS256', typ: 'challenge+jwt', kid: headerOf(maria.tokens.refresh_token)['kid'] })
  const { secrets } = service.app.config
  const { salt } = service.app.stores
  for (const key of [secrets[0], deriveKey(secrets[0], salt, 'signet refresh token').toString('base64url')]) {
    t.not(createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url'), signature)
  }
  const forgeries = [`${header}.${payload}.${two.split('.')[2]}`, `${header}.${payload}.`, `${header}.${payload}`]
  for (const forged of forgeries) t.equal((await maria.second(forged, maria.code())).body, refused)
  t.equal((await maria.second(one, maria.code())).statusCode, 200)
})

for (const [what, change] of [
  ['a changed password', ask => ask('PUT', '/me/password', { current_password: 'demo123', new_password: sentence })],
  ['new passwords by an administrator', (_, admin) => admin('PATCH', '/users/user-2', { password: sentence })],
  ['another role', (_, admin) => admin('PATCH', '/users/user-2', { role: 'editor' })],
  ['disabling', (_, admin) => admin('PATCH', '/users/user-2', { disabled: true })],
  ['deleting', (_, admin) => admin('DELETE', '/users/user-2')],
  ['a removed factor', ask => ask('DELETE', '/me/totp')],
  ['factors that an administrator removes', (_, admin) => admin('DELETE', '/users/user-2/factors')],
] as [
  string,
  (ask: ReturnType<typeof asUser>, admin: ReturnType<typeof asUser>) => Promise<{ statusCode: number }>,
][]) {
  t.test(`it dies with ${what}`, async t => {
    const service = await testApp(t, on)
    const admin = asUser(service, (await service.logIn()).access_token)
    const maria = await enrolled(service)
    const challenge = await maria.challenge()
    t.match(String((await change(maria.ask, admin)).statusCode), /^20[04]$/)
    const answer = await maria.second(challenge, maria.code())
    t.equal(answer.body, refused)
  })
}

t.test('it opens nothing else: as bearer, as cookie, as refresh token, at every operation', async t => {
  const service = await testApp(t, { ...on, docs: true, registrationIsOpen: true })
  const maria = await enrolled(service)
  const challenge = await maria.challenge()
  const { paths } = service.app.swagger() as { paths: Record<string, Record<string, { security?: object[] }>> }
  const guarded = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { security }]) =>
      security?.some(one => 'bearerAuth' in one)
        ? [[method.toUpperCase(), path.replace(/\{\w+\}/, 'user-2')] as const]
        : [],
    ),
  )
  t.ok(guarded.length > 20, `${guarded.length} operations`)
  const cookies = ['access', 'refresh'].map(kind => `__Host-signet_${kind}=${challenge}`)
  for (const [method, url] of guarded as [never, string][]) {
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} }
    for (const headers of [
      { authorization: `Bearer ${challenge}` },
      ...cookies.map(cookie => ({ cookie, 'sec-fetch-site': 'same-origin' })),
    ]) {
      const { statusCode } = await service.app.inject({ method, url, headers, ...body })
      t.equal(statusCode, 401, `${method} ${url} ${Object.keys(headers)[0]}`)
    }
  }
  t.equal((await service.refresh(challenge)).json().code, 'invalid_token')
  const grant = `grant_type=refresh_token&refresh_token=${challenge}`
  t.equal((await post(service.app, '/token', form, grant)).statusCode, 400)
  t.equal((await post(service.app, '/logout', json, JSON.stringify({ refresh_token: challenge }))).statusCode, 401)
  t.equal((await maria.first('maria', 'wrong', { device: challenge })).json().code, 'invalid_credentials')
  t.equal((await maria.second(challenge, maria.code())).statusCode, 200, 'and is as good as before')
})

t.test('one that a former secret signed is good as long as that is a fallback', async t => {
  const sqlitePath = `${await temporaryFolder(t)}/signet.db`
  const before = await testApp(t, { ...on, sqlitePath })
  const maria = await enrolled(before)
  const [old] = before.app.config.secrets
  const challenge = await maria.challenge()
  const dropped = await testApp(t, { ...on, sqlitePath, secrets: [newSecret(), old] }, before.clock)
  t.equal((await steps(dropped).second(challenge, maria.code())).statusCode, 200)
  before.clock.advance(30)
  const other = await testApp(t, { ...on, sqlitePath, secrets: [dropped.app.config.secrets[0]] }, before.clock)
  t.equal((await steps(other).second(await maria.challenge(), maria.code())).body, refused)
})

t.test('the first step tells nothing to those who do not know the password', async t => {
  const service = await testApp(t, { ...on, loginFreeFailures: 0 })
  const { first } = await enrolled(service)
  const [known, plain, nobody] = [
    await first('maria', 'wrong'),
    await first('thirdy', 'wrong'),
    await first('nobody', 'wrong'),
  ]
  for (const more of [{}, { code: '123456' }]) {
    for (const answer of [known, plain, nobody, await first('maria', 'wrong', more)]) {
      t.equal(answer.body, known?.body)
      t.strictSame({ ...answer.headers, date: '' }, { ...known?.headers, date: '' })
    }
  }
})

t.test('cookie mode: the tokens of the second step go into cookies, and only our own pages may ask', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const ask = async (site: string) =>
    service.app.inject({
      method: 'POST',
      url: '/login/second-factor',
      headers: { 'sec-fetch-site': site },
      body: { challenge: await maria.challenge(), code: maria.code(), mode: 'cookie' },
    })
  t.equal((await ask('cross-site')).json().code, 'cross_site')
  const signed = { clientDataJSON: 'x', authenticatorData: 'x', signature: 'x' }
  const passkey = { id: 'x', rawId: 'x', type: 'public-key', clientExtensionResults: {}, response: signed }
  const body = { challenge: await maria.challenge(), code: maria.code(), passkey }
  const both = await service.app.inject({ method: 'POST', url: '/login/second-factor', body })
  t.match(both.json(), { status: 400, errors: [{ detail: 'must have a code or a passkey, not both' }] })
  const answer = await ask('same-origin')
  t.strictSame(answer.json(), { token_type: 'cookie', expires_in: 900 })
  const set = [answer.headers['set-cookie']].flat().map(cookie => String(cookie).split('=', 1)[0])
  t.strictSame(set.sort(), ['__Host-signet_access', '__Host-signet_device', '__Host-signet_refresh'])
})

t.test('forms: mfa_required with the challenge as mfa_token, and otp beside the password', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const password = 'username=maria&password=demo123'
  for (const [url, body] of [
    ['/login', password],
    ['/token', `grant_type=password&${password}`],
  ] as const) {
    const asked = await post(service.app, url, form, body)
    t.equal(asked.statusCode, 400)
    const { mfa_token: challenge, ...others } = asked.json()
    t.strictSame(others, {
      error: 'mfa_required',
      error_description: 'Second factor required',
      detail: 'Second factor required',
    })
    t.equal((await maria.second(challenge, maria.code())).statusCode, 200)
    service.clock.advance(30)
    const whole = await post(service.app, url, form, `${body}&otp=${maria.code()}`)
    t.strictSame(claimsOf(whole.json().access_token)['amr'], ['pwd', 'otp', 'mfa'])
    const again = await post(service.app, url, form, `${body}&otp=${maria.code()}`)
    t.match(again.json(), { error: 'invalid_grant', error_description: 'Invalid code' })
    service.clock.advance(30)
  }
})

t.test('each step is an audit line, and none has a code or a challenge in it', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const from = service.log.length
  const challenge = await maria.challenge()
  await maria.second(challenge, '000000')
  const code = maria.code()
  await maria.second(challenge, code)
  const [recovery = ''] = maria.recoveryCodes
  await maria.second(await maria.challenge(), recovery)
  const lines = service.log.slice(from)
  const about = { sub: 'user-2', ip: '127.0.0.1' }
  t.match(lines.map(line => JSON.parse(line).audit).filter(Boolean), [
    { event: 'login.challenged', ...about },
    { event: 'factor.failed', ...about, count: 1 },
    { event: 'login', ...about, amr: ['pwd', 'otp', 'mfa'] },
    { event: 'login.challenged', ...about },
    { event: 'recovery_code.spent', ...about, count: 9 },
    { event: 'login', ...about, amr: ['pwd', 'mfa'] },
  ])
  const all = service.log.join('')
  for (const secret of [challenge, code, recovery, maria.secret, ...maria.recoveryCodes]) t.notOk(all.includes(secret))
})
