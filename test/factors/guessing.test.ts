/** Guessing codes with the right password: how many tries an hour has, and what they do to the owner (docs/accounts.md). */
import t from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { freeCodes } from '../../src/factors/code-limit.ts'
import { stepAt } from '../../src/factors/totp.ts'
import { waitAfter } from '../../src/login/login-limit.ts'
import { type TestApp, testApp } from '../helpers/app.ts'
import { enrolled } from '../helpers/authenticator.ts'
import { countsIn } from './counted-codes.ts'

const on = { secondFactor: 'optional' } as const

/** Three time steps are good, of a million codes. */
const chanceOfOne = 3e-6

t.test('by the model an hour has room for 17 guesses: less than one hit in ten thousand', async t => {
  let [guesses, seconds] = [0, 0]
  while (seconds < 3600) seconds += waitAfter(++guesses, freeCodes)
  t.equal(guesses, 17)
  t.ok(guesses * chanceOfOne < 1e-4, `${guesses * chanceOfOne}`)
})

/** How somebody logs in who has the app, at any cost of wrong codes. @returns whether it came to a right one */
type Owner = (maria: Enrolled, service: TestApp) => Promise<boolean>
type Enrolled = Awaited<ReturnType<typeof enrolled>>

/** Answers until it is looked at. */
async function patiently(service: TestApp, act: () => ReturnType<TestApp['me']>): Promise<number> {
  const { statusCode, headers } = await act()
  if (statusCode !== 429) return statusCode
  service.clock.advance(Number(headers['retry-after']))
  return patiently(service, act)
}

const owners: Record<string, Owner> = {
  'logs in': async maria => (await maria.second(await maria.challenge(), maria.code())).statusCode === 200,
  'mistypes twice and logs in': async (maria, service) => {
    const challenge = await maria.challenge()
    for (let i = 0; i < 2; i++) await patiently(service, () => maria.second(challenge, '000000'))
    return (await patiently(service, () => maria.second(challenge, maria.code()))) === 200
  },
  'sends the code with the password': async maria =>
    (await maria.first('maria', 'demo123', { code: maria.code() })).statusCode === 200,
  'confirms a session': async maria =>
    (await maria.ask('POST', '/me/confirm', { code: maria.code() })).statusCode === 200,
}

for (const [what, owner] of Object.entries(owners)) {
  t.test(`an owner who ${what} whenever a code may be tried leaves a guesser 17 guesses an hour`, async t => {
    const service = await testApp(t, { ...on, loginFreeFailures: 0, accessTokenSeconds: 86_400 })
    const maria = await enrolled(service)
    const { clock } = service
    const start = clock()
    let [guesses, rightCodes, stepBefore] = [0, 0, 0]
    while (clock() < start + 3600) {
      const step = stepAt(clock())
      if (step > stepBefore && (await owner(maria, service))) {
        rightCodes++
        stepBefore = stepAt(clock())
      }
      const guess = await maria.second(await maria.challenge(), '000000')
      if (guess.statusCode === 429) clock.advance(Number(guess.headers['retry-after']))
      else guesses++
    }
    t.ok(rightCodes >= 3, `${rightCodes} right codes`)
    t.ok(guesses <= 17, `${guesses} guesses`)
    t.ok(guesses * chanceOfOne < 1e-4)
    clock.advance(900)
    await maria.second(await maria.challenge(), '000000')
    t.ok(Number(countsIn(service).at(-1)) >= guesses + 1, 'and all of them still count')
  })
}

for (const loginFreeFailures of [0, 5, 1000]) {
  t.test(`a guesser who never stops for an hour, with LOGIN_FREE_FAILURES=${loginFreeFailures}`, async t => {
    const service = await testApp(t, { ...on, loginFreeFailures })
    const maria = await enrolled(service)
    const start = service.clock()
    let challenge = ''
    for (let turn = 0; service.clock() < start + 3600; turn++) {
      if (turn % 5 === 0) {
        const first = await maria.first()
        if (first.statusCode === 429) {
          service.clock.advance(Number(first.headers['retry-after']))
          continue
        }
        challenge = first.json().challenge
      }
      const answer = await maria.second(challenge, '000000')
      if (answer.statusCode === 429) service.clock.advance(Number(answer.headers['retry-after']))
    }
    const tried = service.log.filter(line => line.includes('"event":"factor.failed"')).length
    t.ok(tried >= 5 && tried <= 17, `${tried} guesses`)
    t.ok(tried * chanceOfOne < 1e-4)
  })
}

t.test('a thousand guesses at once are no better than five', async t => {
  const service = await testApp(t, { ...on, loginFreeFailures: 0, hashQueue: 2000 })
  const maria = await enrolled(service)
  const challenges = await Promise.all(Array.from({ length: 250 }, maria.challenge))
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => maria.second(challenges[i % 250] ?? '', '000000')),
  )
  t.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 5)
  t.equal(answers.filter(({ statusCode }) => statusCode === 429).length, 995)
})

t.test(
  'the waits are those of passwords, whatever address or device it comes from, and a right code ends the one',
  async t => {
    const service = await testApp(t, { ...on, loginFreeFailures: 0 })
    const maria = await enrolled(service)
    const tokens = await maria.logIn()
    const from = (i: number, code: string, challenge: string) =>
      service.app.inject({
        method: 'POST',
        url: '/login/second-factor',
        remoteAddress: `192.0.2.${i}`,
        body: { challenge, code },
      })
    for (let i = 0; i < 5; i++) t.equal((await from(i, '000000', await maria.challenge())).statusCode, 401)
    for (const wait of [1, 2, 4, 8]) {
      const refused = await from(wait, maria.code(), await maria.challenge())
      t.match(refused, { statusCode: 429, headers: { 'retry-after': String(wait) } })
      const known = await maria.first('maria', 'demo123', { code: maria.code(), device: tokens.refresh_token })
      t.equal(known.statusCode, 429, 'of a known device as well')
      service.clock.advance(wait)
      t.equal((await from(wait, '000000', await maria.challenge())).statusCode, 401)
    }
    service.clock.advance(900)
    t.equal((await from(1, maria.code(), await maria.challenge())).statusCode, 200)
    t.equal((await from(2, '000000', await maria.challenge())).statusCode, 401)
    const refused = await from(3, maria.code(), await maria.challenge())
    t.match(refused, { statusCode: 429, headers: { 'retry-after': '32' } }, 'which goes on where it was')
  },
)

t.test('a dead challenge is no guess, and a wait uses up no try', async t => {
  const service = await testApp(t, { ...on, loginFreeFailures: 0 })
  const maria = await enrolled(service)
  const worn = await maria.challenge()
  for (let i = 0; i < 5; i++) await maria.second(worn, '000000')
  service.clock.advance(1)
  for (let i = 0; i < 10; i++) t.equal((await maria.second(worn, maria.code())).statusCode, 401)
  const challenge = await maria.challenge()
  t.equal((await maria.second(challenge, '000000')).statusCode, 401)
  for (let i = 0; i < 10; i++) t.equal((await maria.second(challenge, maria.code())).statusCode, 429)
  service.clock.advance(2)
  t.equal((await maria.second(challenge, maria.code())).statusCode, 200)
})

t.test('the right password is no success of the throttle until the code is right', async t => {
  const service = await testApp(t, { ...on, loginFreeFailures: 3 })
  const maria = await enrolled(service)
  for (let i = 0; i < 3; i++) t.equal((await maria.first()).statusCode, 401)
  t.equal((await maria.first()).statusCode, 429, 'who stops half-way each time has to wait')
  service.clock.advance(60)
  t.equal((await maria.second(await maria.challenge(), maria.code())).statusCode, 200)
  for (let i = 0; i < 3; i++) t.equal((await maria.first('maria', 'wrong')).json().code, 'invalid_credentials')
  t.equal((await maria.first()).statusCode, 429, 'and then it begins anew')
})

t.test('two right steps are no failure of the throttle, although no session could begin', async t => {
  const service = await testApp(t, { ...on, loginFreeFailures: 3 })
  const maria = await enrolled(service)
  service.app.stores.sessions.create = () => Promise.reject(new SignetError('unavailable', 'away for a moment'))
  for (let i = 0; i < 4; i++) {
    t.equal((await maria.second(await maria.challenge(), maria.code())).statusCode, 503)
    service.clock.advance(30)
  }
  for (let i = 0; i < 3; i++) t.equal((await maria.first('maria', 'wrong')).json().code, 'invalid_credentials')
})
