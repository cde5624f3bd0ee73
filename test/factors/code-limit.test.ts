/** What takes wrong codes back: a right one those of its login, a day without, an administrator; and a new password does not. */
import t, { type Test } from 'tap'
import { freeCodes } from '../../src/factors/code-limit.ts'
import { waitAfter } from '../../src/login/login-limit.ts'
import { testApp } from '../helpers/app.ts'
import { asUser, enrolled } from '../helpers/authenticator.ts'
import { mailApp } from '../helpers/mail.ts'
import { createAuthenticator } from '../helpers/passkey.ts'
import { countsIn } from './counted-codes.ts'

const on = { secondFactor: 'optional' } as const

t.test('typing errors that no right code has taken back are forgotten a day after the last one', async t => {
  const service = await testApp(t, { ...on, loginFreeFailures: 0 })
  const maria = await enrolled(service)
  const logInWith = (code: string) => maria.first('maria', 'demo123', { code })
  for (let i = 0; i < 2; i++) await logInWith('000000')
  for (let hours = 0; hours < 20; hours += 10) {
    service.clock.advance(36_000)
    t.equal((await logInWith(maria.code())).statusCode, 200)
  }
  await logInWith('000000')
  service.clock.advance(86_399)
  await logInWith('000000')
  service.clock.advance(43_200)
  t.equal((await logInWith(maria.code())).statusCode, 200, 'which keeps nothing any longer')
  service.clock.advance(43_200)
  await logInWith('000000')
  t.strictSame(countsIn(service), [1, 2, 3, 4, 1])
})

t.test('a right code takes back the wrong ones of its own login and no others, and so does a passkey', async t => {
  const service = await testApp(t, { ...on, loginFreeFailures: 0 })
  const maria = await enrolled(service)
  const ask = asUser(service, (await maria.logIn()).access_token)
  const key = createAuthenticator({ origin: 'http://localhost:3000', rpId: 'localhost' })
  const response = key.create((await ask('POST', '/me/passkeys/options')).json())
  t.equal((await ask('POST', '/me/passkeys', { name: 'phone', response })).statusCode, 201)

  await maria.second(await maria.challenge(), '000000')
  const { challenge, passkey: options } = (await maria.first()).json()
  for (let i = 0; i < 2; i++) await maria.second(challenge, '000000')
  const answer = { challenge, passkey: key.get(options) }
  t.equal((await service.app.inject({ method: 'POST', url: '/login/second-factor', body: answer })).statusCode, 200)
  const third = await maria.challenge()
  await maria.second(third, '000000')
  service.clock.advance(30)
  t.equal((await maria.second(third, maria.code())).statusCode, 200)
  await maria.second(await maria.challenge(), '000000')
  t.strictSame(countsIn(service), [1, 2, 3, 2, 2])
})

t.test('who reads the mail of the owner gets no more guesses by new passwords', async t => {
  const service = await mailApp(t, { ...on, loginFreeFailures: 0 })
  await service.app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
  const maria = await enrolled(service)
  await service.deliver()
  const guess = async (password: string) => {
    const challenge = (await maria.first('maria', password)).json().challenge
    return (await maria.second(challenge, '000000')).statusCode
  }
  for (let i = 0; i < 5; i++) t.equal(await guess('demo123'), 401)
  await service.post('/password/forgot', { username: 'maria' })
  const token = await service.tokenTo('maria@example.com')
  await service.post('/password/reset', { token, new_password: 'another sentence' })
  t.equal(await guess('another sentence'), 429)
})

/** Somebody who has to wait two minutes for the next code. */
async function waiting(t: Test) {
  const service = await testApp(t, { ...on, loginFreeFailures: 0 })
  const maria = await enrolled(service)
  for (let failures = 1; failures <= 12; failures++) {
    await maria.second(await maria.challenge(), '000000')
    if (failures < 12) service.clock.advance(waitAfter(failures, freeCodes))
  }
  t.equal((await maria.second(await maria.challenge(), maria.code())).statusCode, 429)
  return { service, maria }
}

t.test('an administrator who unlocks an account ends this wait too', async t => {
  const { service, maria } = await waiting(t)
  await service.app.users.unlock('user-2', { by: 'user-1' })
  t.equal((await maria.second(await maria.challenge(), maria.code())).statusCode, 200)
})

t.test('an administrator who removes the factors of an account ends it as well, for the next factor', async t => {
  const { service } = await waiting(t)
  await service.app.factorRemoval.removeAll('user-2', { by: 'user-1' })
  const again = await enrolled(service)
  t.equal((await again.second(await again.challenge(), again.code())).statusCode, 200)
})
