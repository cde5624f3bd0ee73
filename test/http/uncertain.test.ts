/** As long as an act is not certain, nothing changes at the client: no cookie is set or removed, no cause is told. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { isProblem } from '../helpers/answers.ts'
import { type TestApp, testApp } from '../helpers/app.ts'
import { serverOf } from '../helpers/postgres.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { claimsOf } from '../helpers/tokens.ts'

const ours = { 'sec-fetch-site': 'same-origin' }

async function logInByCookie(app: TestApp['app']) {
  const body = { username: 'maria', password: 'demo123', mode: 'cookie' }
  const { cookies } = await app.inject({ method: 'POST', url: '/login', headers: ours, body })
  return cookies.map(({ name, value }) => `${name}=${value}`)
}

/** Everything that sets or removes cookies, and what else goes out in headers. */
async function changesNothing(t: Test, app: TestApp['app'], cookie: string): Promise<void> {
  for (const [url, body] of [
    ['/login', { username: 'maria', password: 'demo123', mode: 'cookie' }],
    ['/refresh'],
    ['/logout'],
    ['/logout/all'],
  ] as const) {
    const answer = await app.inject({ method: 'POST', url, headers: { ...ours, cookie }, ...(body && { body }) })
    isProblem(t, answer, 503, 'unavailable', url)
    t.notOk(answer.headers['set-cookie'], `${url} leaves the cookies`)
    t.notOk(answer.headers['signet-refresh'])
  }
}

t.test('while the database is away, no cookie changes', async t => {
  const { app, log } = await testApp(t)
  const [access, refresh] = await logInByCookie(app)
  await app.stores.close()
  app.stores.close = async () => {}
  await changesNothing(t, app, `${access}; ${refresh}`)
  for (const cookie of [access, refresh]) {
    const answer = await app.inject({ method: 'POST', url: '/logout', headers: { ...ours, cookie } })
    isProblem(t, answer, 503, 'unavailable', 'a logout by one cookie')
    t.notOk(answer.headers['set-cookie'])
  }
  const refused = log.map(line => JSON.parse(line)).filter(({ msg }) => msg === 'request refused')
  t.strictSame([...new Set(refused.map(({ level }) => level))], [40], 'a warning each: the poll tells the outage, once')
})

t.test('nor when it was away already at the start', async t => {
  const { app: other } = await testApp(t)
  const cookies = await logInByCookie(other)
  const { app, log } = await testApp(t, {
    database: serverOf('postgres://signet:x@127.0.0.1:1/signet'),
    seedUsersFile: undefined,
  })
  await changesNothing(t, app, cookies.join('; '))
  const answer = await app.inject({ url: '/me', headers: { authorization: 'Bearer x' } })
  isProblem(t, answer, 503, 'unavailable', 'not even the keys are there')
  t.equal(answer.headers['retry-after'], '1')
  t.equal(log.filter(line => line.includes('every request that needs it will get 503')).length, 1, 'told at the start')

  let pings = 0
  app.stores.ping = async () => {
    pings++
    throw new SignetError('unavailable', 'still away')
  }
  await Promise.allSettled([app.open(), app.open()])
  t.equal(pings, 1, 'two who ask at once ask once')
})

t.test('an answer of 5xx takes no cookie along, whoever set it', async t => {
  const { app, logIn } = await testApp(t)
  const { refresh_token: refreshToken } = await logIn()
  const cookies = app.tokenCookies
  cookies.read = () => ({ refresh: refreshToken })
  const { set } = cookies
  cookies.set = (reply, tokens) => {
    set(reply, tokens)
    throw new Error('something nobody expected')
  }
  const answer = await app.inject({ method: 'POST', url: '/refresh', headers: ours })
  isProblem(t, answer, 500, 'internal', 'after the cookies were set')
  t.notOk(answer.headers['set-cookie'])
  t.notOk(answer.headers['signet-refresh'])
})

t.test('a broken cookie does not hide the good one: the logout ends its session', async t => {
  const { app } = await testApp(t)
  const [access] = await logInByCookie(app)
  const cookie = `__Host-signet_refresh=broken; ${access}`
  const answer = await app.inject({ method: 'POST', url: '/logout', headers: { ...ours, cookie } })
  t.equal(answer.statusCode, 204)
  t.equal([answer.headers['set-cookie']].flat().length, 2)
  t.strictSame(await app.stores.sessions.list('user-2'), [])
})

t.test('what ends a session is answered when that has ended, and not while nothing can be written', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app, logIn } = await testApp(t, { sqlitePath })
  const { access_token: token, refresh_token: refreshToken } = await logIn()
  const authorization = `Bearer ${token}`
  const typed = { 'content-type': 'application/x-www-form-urlencoded' }
  rmSync(sqlitePath) // writers look for it each time, readers now and then
  for (const asked of [
    { method: 'POST', url: '/revoke', headers: typed, body: `token=${token}` },
    { method: 'POST', url: '/logout', body: { refresh_token: refreshToken } },
    { method: 'POST', url: '/logout', headers: { authorization } },
    { method: 'POST', url: '/logout/all', headers: { authorization } },
    { method: 'DELETE', url: `/sessions/${claimsOf(token)['sid']}`, headers: { authorization } },
  ] as const) {
    isProblem(t, await app.inject(asked), 503, 'unavailable', `${asked.method} ${asked.url}`)
  }
})

t.test(
  'a service that cannot know what was revoked says so to whoever introspects, and not that a token is dead',
  async t => {
    const id = 'orders'
    const { app, clock, logIn } = await testApp(t, { resourceServers: new Map([[id, 'x'.repeat(32)]]) })
    clock.advance(100)
    const { access_token: token } = await logIn()
    const introspect = () => {
      const authorization = `Basic ${Buffer.from(`${id}:${'x'.repeat(32)}`).toString('base64')}`
      const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
      return app.inject({ method: 'POST', url: '/introspect', headers, body: `token=${token}` })
    }
    t.match((await introspect()).json(), { active: true })
    clock.advance(800) // the list was never read again; the token lives for another 100 s
    isProblem(t, await introspect(), 503, 'unavailable', '/introspect')
  },
)
