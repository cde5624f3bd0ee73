/** What the owner is told by mail, and that an address that is not proven adds no factor. */
import t, { type Test } from 'tap'
import { waitAfter } from '../../src/login/login-limit.ts'
import { asUser, enrolled, steps } from '../helpers/authenticator.ts'
import { mailApp } from '../helpers/mail.ts'

async function withAddress(t: Test) {
  const made = await mailApp(t, { secondFactor: 'optional', loginFreeFailures: 0 })
  await made.app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
  const told = async () => (await made.deliver()).map(({ to, purpose }) => [to, purpose])
  return { ...made, told }
}

t.test('each change is told to the owner, whoever made it', async t => {
  const made = await withAddress(t)
  const { told } = made
  const maria = await enrolled(made)
  t.strictSame(await told(), [['maria@example.com', 'factor_added']])
  await maria.ask('POST', '/me/recovery-codes')
  t.strictSame(await told(), [['maria@example.com', 'recovery_codes_made']])
  const { access_token: token } = await maria.logIn()
  t.strictSame(await told(), [], 'a login is no news')
  await asUser(made, token)('DELETE', '/me/totp')
  t.strictSame(await told(), [['maria@example.com', 'factor_removed']])

  await enrolled(made)
  await told()
  const admin = asUser(made, (await made.logIn()).access_token)
  t.equal((await admin('DELETE', '/users/user-2/factors')).statusCode, 204)
  t.strictSame(await told(), [['maria@example.com', 'factor_removed']])
  await enrolled(made, 'thirdy')
  t.strictSame(await told(), [], 'who has no address is not told')
})

t.test('a refused change tells nothing', async t => {
  const made = await withAddress(t)
  const maria = await enrolled(made)
  await made.told()
  await maria.ask('POST', '/me/totp')
  t.equal((await maria.ask('POST', '/me/totp/confirm', { code: '000000' })).statusCode, 401)
  t.strictSame(await made.told(), [])
})

t.test('after ten wrong codes in a row the owner is told, once, in the language of the request', async t => {
  const made = await withAddress(t)
  const maria = await enrolled(made)
  await made.told()
  const guess = async () => {
    const body = { challenge: await maria.challenge(), code: '000000' }
    const headers = { 'accept-language': 'de' }
    return made.app.inject({ method: 'POST', url: '/login/second-factor', headers, body })
  }
  for (let failures = 1; failures <= 9; failures++) {
    t.equal((await guess()).statusCode, 401)
    made.clock.advance(waitAfter(failures, 5))
  }
  t.strictSame(await made.told(), [])
  t.equal((await guess()).statusCode, 401)
  const [mail, ...others] = await made.deliver()
  t.match(mail, { to: 'maria@example.com', purpose: 'codes_guessed', language: 'de' })
  t.strictSame(others, [])
  made.clock.advance(900)
  await guess()
  t.strictSame(await made.told(), [])
})

t.test(
  'an account whose address is not proven adds no factor: who registered it first may be somebody else',
  async t => {
    const made = await withAddress(t)
    const account = { username: 'ana', password: 'a long sentence of mine', email: 'ana@example.com' }
    t.equal((await made.post('/register', account)).statusCode, 201)
    const { first } = steps(made)
    const tokens = (await first('ana', account.password)).json()
    const ask = asUser(made, tokens.access_token)
    t.match((await ask('POST', '/me/totp')).json(), { status: 403, code: 'email_unverified' })
    const token = await made.tokenTo('ana@example.com')
    t.equal((await made.post('/email/verify', { token, password: account.password })).statusCode, 204)
    const proven = (await first('ana', account.password)).json()
    t.equal((await asUser(made, proven.access_token)('POST', '/me/totp')).statusCode, 200)
  },
)

t.test('a forgotten password is no way around: a new one by mail leaves the factor, which is asked for', async t => {
  const made = await withAddress(t)
  const maria = await enrolled(made)
  await made.deliver()
  t.equal((await made.post('/password/forgot', { username: 'maria' })).statusCode, 202)
  const token = await made.tokenTo('maria@example.com')
  const password = 'a new sentence of mine'
  t.equal((await made.post('/password/reset', { token, new_password: password })).statusCode, 204)
  const asked = await maria.first('maria', password)
  t.equal(asked.json().code, 'second_factor_required')
  made.clock.advance(30)
  t.equal((await maria.second(asked.json().challenge, maria.code())).statusCode, 200)
})
