/** Recovery codes: ten, each once, replaced as a set. */
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { asUser, enrolled } from '../helpers/authenticator.ts'
import { claimsOf } from '../helpers/tokens.ts'

const on = { secondFactor: 'optional' } as const

t.test('each of ten is good for one login, and the last three say how many are left', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  t.equal(maria.recoveryCodes.length, 10)
  const told: unknown[] = []
  for (const [i, code] of maria.recoveryCodes.entries()) {
    const typed = i % 2 ? code : code.toLowerCase().replaceAll('-', '')
    const answer = await maria.second(await maria.challenge(), typed)
    t.equal(answer.statusCode, 200, code)
    t.strictSame(claimsOf(answer.json().access_token)['amr'], ['pwd', 'mfa'])
    told.push(answer.json().recovery_codes_left)
    t.equal((await maria.second(await maria.challenge(), code)).json().code, 'invalid_code', 'once')
    service.clock.advance(86_400) // a wrong one counts for a day, whoever shows a right one meanwhile
  }
  t.strictSame(told, [undefined, undefined, undefined, undefined, undefined, undefined, 3, 2, 1, 0])
  t.strictSame((await maria.first()).json().factors, ['totp'], 'none is offered any more')
})

t.test('in cookie mode too', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const asPage = { 'sec-fetch-site': 'same-origin' }
  for (const code of maria.recoveryCodes.slice(0, 7)) {
    const body = { challenge: await maria.challenge(), code, mode: 'cookie' }
    const answer = await service.app.inject({ method: 'POST', url: '/login/second-factor', headers: asPage, body })
    if (code === maria.recoveryCodes[6]) t.match(answer.json(), { token_type: 'cookie', recovery_codes_left: 3 })
  }
})

t.test('and where a login is confirmed', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const told = []
  for (const code of maria.recoveryCodes) {
    told.push((await maria.ask('POST', '/me/confirm', { code })).json().recovery_codes_left)
  }
  t.strictSame(told.slice(6), [3, 2, 1, 0])
})

t.test('a new set voids the one before, and without a factor there is none', async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const replaced = await maria.ask('POST', '/me/recovery-codes')
  t.equal(replaced.statusCode, 200)
  const fresh = replaced.json().recovery_codes as string[]
  t.equal(new Set([...fresh, ...maria.recoveryCodes]).size, 20)
  t.equal((await maria.second(await maria.challenge(), maria.recoveryCodes[0] ?? '')).statusCode, 401)
  t.equal((await maria.second(await maria.challenge(), fresh[0] ?? '')).statusCode, 200)
  const [event] = service.log.map(line => JSON.parse(line).audit).filter(one => one?.event === 'recovery_codes.made')
  t.match(event, { sub: 'user-2', sid: claimsOf(maria.tokens.access_token)['sid'] })

  const { access_token: token } = await service.logIn()
  t.equal((await asUser(service, token)('POST', '/me/recovery-codes')).statusCode, 404)
})

t.test("nobody's code is somebody else's", async t => {
  const service = await testApp(t, on)
  const maria = await enrolled(service)
  const thirdy = await enrolled(service, 'thirdy')
  t.equal((await maria.second(await maria.challenge(), thirdy.recoveryCodes[0] ?? '')).statusCode, 401)
  t.equal((await thirdy.second(await thirdy.challenge(), thirdy.recoveryCodes[0] ?? '')).statusCode, 200)
})
