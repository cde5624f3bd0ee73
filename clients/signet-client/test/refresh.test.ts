/** Behaviours 1 to 5: when a session is refreshed, what is tried again, and what ends it. (When a request is sent again: fetch.test.ts) */
import t from 'tap'
import { waitUntil } from '../../../test/helpers/process.ts'
import { SignetError } from '../src/signet-error.ts'
import { type Fault, problem, sharedStorage, startSignet } from './setup.ts'

const me = (url: string) => `${url}/me`

t.test('a hundred requests that find the token expired cause one refresh, and all succeed', async t => {
  const { url, time, open, causes } = await startSignet(t)
  const { signet, events, network } = open()
  t.match(await signet.login('maria', 'demo123'), { user_id: 'user-2', username: 'maria', email: null, role: 'user' })
  time.advance(901)

  const answers = await Promise.all(Array.from({ length: 100 }, () => signet.fetch(me(url))))
  t.ok(answers.every(({ status }) => status === 200))
  t.strictSame(causes, ['rotated'])
  t.equal(network.asked.filter(path => path === '/refresh').length, 1)
  t.strictSame(events, ['logged-in', 'refreshed'])
})

t.test('a token that another tab has refreshed is found in the storage, without a request', async t => {
  const { time, open, causes } = await startSignet(t)
  const storage = sharedStorage()
  const [first, second] = [open({ storage }), open({ storage })]
  await first.signet.login('maria', 'demo123')
  await second.signet.me()
  time.advance(901)

  const token = await first.signet.accessToken()
  t.equal(await second.signet.accessToken(), token)
  t.equal(second.signet.user?.username, 'maria')
  t.strictSame(second.events, ['logged-in', 'refreshed'])
  t.strictSame(causes, ['rotated'])
})

t.test('an answer that arrives after another tab got further does not bring its older tokens back', async t => {
  const { time, open } = await startSignet(t)
  const storage = sharedStorage()
  const [slow, quick] = [open({ storage }), open({ storage })]
  await slow.signet.login('maria', 'demo123')
  time.advance(901)
  const held = Promise.withResolvers<void>()
  const send = slow.network.fetch
  const late = open({
    storage,
    fetch: async (...request) => {
      const answer = await send(...request)
      await held.promise
      return answer
    },
  })
  const waiting = late.signet.accessToken()
  await waitUntil(async () => slow.network.asked.includes('/refresh'))
  await quick.signet.accessToken()
  time.advance(901)
  const newest = await quick.signet.accessToken()

  held.resolve()
  t.equal(await waiting, newest)
  t.match([...storage.texts.values()].join(), newest)
})

t.test('a lost answer, a time-out, 5xx and 429 are tried again with the same token, which costs no retry', async t => {
  t.setTimeout(30_000) // a try that has no end would have none here either
  const { app, time, open, causes } = await startSignet(t)
  const { signet, network, events } = open()
  await signet.login('maria', 'demo123')
  time.advance(901)
  const faults: Fault[] = ['lost answer', 'no network', new Response('<h1>Bad gateway</h1>', { status: 502 })]
  faults.push(problem(429, 'too_many_attempts', { 'retry-after': '4' }), new Response('<h1>Wi-Fi login</h1>'))
  const brokenOff = new ReadableStream({ pull: controller => controller.error(new TypeError('terminated')) })
  faults.push(new Response(brokenOff))
  network.faults.set('/refresh', [...faults, 'never answered'])
  const isHanging = () => network.asked.length === faults.length + 2 // a login, and all of them
  const hung = setInterval(() => isHanging() && time.timeOut(), 5)
  t.teardown(() => clearInterval(hung))

  t.ok(await signet.accessToken())
  t.strictSame(causes, ['rotated', 'repeated'])
  t.match(await app.stores.sessions.list('user-2'), [{ generation: 1, retries: 0 }])
  t.strictSame(events, ['logged-in', 'refreshed'])
  t.ok(
    time.pauses.some(pause => pause >= 3_900),
    'Retry-After is obeyed',
  )
  t.ok(new Set(time.pauses).size === time.pauses.length, 'no two pauses are alike')
  t.ok(time.pauses.reduce((sum, pause) => sum + pause) < 25_000)
})

t.test('clients that failed together do not come back together', async t => {
  const { time, open } = await startSignet(t)
  const pauses: number[][] = []
  for (const { signet, network } of [open(), open()]) {
    await signet.login('maria', 'demo123')
    time.advance(901)
    time.pauses.length = 0
    network.faults.set('/refresh', Array(4).fill('no network'))
    t.ok(await signet.accessToken())
    pauses.push([...time.pauses])

    time.advance(901)
    time.pauses.length = 0
    network.faults.set('/refresh', ['no network'])
    t.ok(await signet.accessToken())
    t.ok(time.pauses.length === 1 && Number(time.pauses[0]) <= 300, 'after an outage the next one begins anew')
  }
  t.strictSame(
    pauses.map(({ length }) => length),
    [4, 4],
  )
  t.notOk(pauses[0]?.some((pause, i) => pause === pauses[1]?.[i]))
})

t.test('an outage logs nobody out: requests are refused after 25 s at most, a later one finds the session', async t => {
  const { url, time, open } = await startSignet(t)
  const { signet, network, events } = open()
  await signet.login('maria', 'demo123')
  time.advance(901)
  const storm = Array.from({ length: 200 }, () => problem(503, 'unavailable', { 'retry-after': '1' }))
  network.faults.set('/refresh', storm)

  const from = time.now()
  const error = await signet.fetch(me(url)).catch(error => error)
  t.ok(error instanceof SignetError)
  t.match(error, { code: 'unavailable', status: 503, retryAfterSeconds: 1 })
  t.ok(time.now() - from <= 25_000)
  const tries = network.asked.filter(path => path === '/refresh').length
  t.ok(tries >= 5 && tries <= 25, `${tries} tries`)
  t.equal(signet.user?.username, 'maria')

  network.faults.set('/refresh', [problem(503, 'overloaded', { 'retry-after': '3600' })])
  await t.rejects(signet.accessToken(), { code: 'overloaded', retryAfterSeconds: 3600 })
  const before = network.asked.length
  await t.rejects(signet.accessToken(), { code: 'overloaded' }, 'Retry-After holds for the next call too')
  t.equal(network.asked.length, before, 'nothing was sent')
  time.advance(3600)
  t.equal((await signet.fetch(me(url))).status, 200)
  t.strictSame(events, ['logged-in', 'refreshed'])
})

t.test('a token that is still valid goes on being used while refreshes fail', async t => {
  const { url, time, open, causes } = await startSignet(t)
  const { signet, network } = open()
  await signet.login('maria', 'demo123')
  time.advance(880)
  network.faults.set('/refresh', Array(3).fill('no network'))

  t.equal((await signet.fetch(me(url))).status, 200, 'at once')
  await waitUntil(async () => causes.length > 0)
  t.strictSame(causes, ['rotated'], 'it was renewed early, in the background')

  time.advance(880)
  network.faults.set('/refresh', ['never answered'])
  const waited = new Promise(resolve => setTimeout(resolve, 5000, 'it waited').unref())
  t.equal(await Promise.race([signet.fetch(me(url)).then(({ status }) => status), waited]), 200)
  time.timeOut()
})

t.test('a refresh that is answered with the same refresh token gives a new access token all the same', async t => {
  const { url, time, open, causes } = await startSignet(t)
  const { signet, network } = open()
  await signet.login('maria', 'demo123')
  time.advance(901)
  const token = await signet.accessToken()

  network.faults.set('/me', [problem(401, 'token_expired')]) // of a service whose clock is ahead
  t.equal((await signet.fetch(me(url))).status, 200)
  t.not(await signet.accessToken(), token)
  t.strictSame(causes, ['rotated', 'repeated'])
})

t.test('whatever else /refresh answers ends nothing', async t => {
  const { time, open } = await startSignet(t)
  const { signet, network, events } = open()
  await signet.login('maria', 'demo123')
  for (const status of [400, 403, 404, 413, 500]) {
    time.advance(901)
    network.faults.set(
      '/refresh',
      Array.from({ length: 100 }, () => problem(status, 'unexpected')),
    )

    t.match(await signet.accessToken().catch(error => error), { name: 'SignetError', status })
    t.equal(signet.user?.username, 'maria')
    network.faults.clear()
    t.ok(await signet.accessToken())
    t.notOk(events.includes('ended'))
  }
})

t.test('401 of /refresh ends the session, and 401 of anything else does not', async t => {
  const { app, url, open, causes } = await startSignet(t)
  const storage = sharedStorage()
  const { signet, events, network } = open({ storage })
  await signet.login('maria', 'demo123')
  for (const code of ['invalid_token', 'token_revoked', 'invalid_credentials', undefined]) {
    network.faults.set('/me', [problem(401, code as string)])
    t.equal((await signet.fetch(me(url))).status, 401)
    t.equal(signet.user?.username, 'maria', String(code))
  }
  t.strictSame(causes, ['rotated'], 'only token_revoked was worth asking /refresh')

  await app.sessions.logOutAll('user-2', { ip: '127.0.0.1' })
  t.equal((await signet.fetch(me(url))).status, 401)
  t.equal(signet.user, null, 'whoever gets that 401 finds nobody logged in')
  t.equal(await signet.accessToken(), null)
  t.equal(events.at(-1), 'ended')
  t.notMatch([...storage.texts].join(), 'access_token')
})
