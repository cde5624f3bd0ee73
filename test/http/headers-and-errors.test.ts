/** What every answer has, and what no answer says: the one door to the wire, from whichever side it is pushed. */
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { type Answer, form, isProblem, json, post } from '../helpers/answers.ts'
import { type Overrides, testApp, testConfig } from '../helpers/app.ts'
import { startServer, temporaryFolder } from '../helpers/process.ts'
import { claimsOf } from '../helpers/tokens.ts'

const canary = 'canary-in-a-thrown-error'

/** The app with routes that fail in every way a route can. */
async function faultyApp(t: Test, overrides: Overrides = {}) {
  const log: string[] = []
  const app = await buildApp({
    config: testConfig(overrides),
    log: { write: line => void log.push(line) },
    background: false,
  })
  t.teardown(() => app.close())
  const thrown: Record<string, unknown> = {
    error: new Error(canary),
    fatal: Object.assign(new Error(canary), { statusCode: 503, code: canary }),
    odd: Object.assign(new Error(canary), { statusCode: 200, headers: { 'x-canary': canary } }),
    text: canary,
    object: { message: canary, status: 418 },
    nothing: undefined,
    null: null,
  }
  for (const [name, error] of Object.entries(thrown)) {
    app.get(`/throws/${name}`, async () => Promise.reject(error))
    app.get(`/throws/${name}/at-once`, () => {
      throw error
    })
  }
  app.get(
    '/throws/serializer',
    { schema: { response: { 200: { type: 'object', required: ['a'], properties: { a: {} } } } } },
    async () => ({ [canary]: 1 }),
  )
  await app.ready()
  return {
    app,
    log,
    faults: [
      ...Object.keys(thrown).flatMap(name => [`/throws/${name}`, `/throws/${name}/at-once`]),
      '/throws/serializer',
    ],
  }
}

/** Overwrites the file under the app that has it open, after a write that makes it read the file again. */
function ruin(path: string): void {
  const other = new DatabaseSync(path)
  other.exec('CREATE TABLE another (a); PRAGMA wal_checkpoint(TRUNCATE)')
  other.close()
  writeFileSync(path, Buffer.alloc(statSync(path).size, 'x'), { flag: 'r+' })
}

const common = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

t.test('every answer of every status has the security headers, and none says what it runs on', async t => {
  const publicUrl = 'https://auth.example.com'
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app } = await faultyApp(t, { publicUrl, sqlitePath, loginLimitPerIp: 2 })
  const login = () => post(app, '/login', json, '{"username":"maria","password":"demo123"}')
  const logIn = await login()
  const bearer = { authorization: `Bearer ${logIn.json().access_token}` }
  const answers: [number, Answer][] = [
    [200, logIn],
    [401, await post(app, '/login', json, '{"username":"maria","password":"x"}')],
    [429, await login()],
    [200, await app.inject({ url: '/me', headers: bearer })],
    [200, await app.inject({ url: '/health/ready' })],
    [400, await post(app, '/refresh', json, '{')],
    [400, await post(app, '/token', form, 'x=1')],
    [400, await app.inject({ url: '/%zz' })],
    [401, await app.inject({ url: '/me' })],
    [404, await app.inject({ url: '/nowhere' })],
    [404, await app.inject({ method: 'OPTIONS', url: '/login' })],
    [404, await app.inject({ method: 'DELETE', url: '/sessions/x', headers: bearer })],
    [413, await post(app, '/refresh', json, ' '.repeat(20_000))],
    [415, await post(app, '/refresh', 'text/plain', 'x')],
    [500, await app.inject({ url: '/throws/error' })],
    [204, await app.inject({ method: 'POST', url: '/logout', headers: bearer })],
  ]
  ruin(sqlitePath)
  answers.push([503, await app.inject({ url: '/health/ready' })])

  for (const [status, { statusCode, headers }] of answers) {
    t.equal(statusCode, status)
    t.match(headers, { ...common, 'strict-transport-security': 'max-age=31536000' }, `${status}`)
    t.notOk('server' in headers || 'x-powered-by' in headers || 'access-control-allow-origin' in headers)
    const type = headers['content-type'] ?? (status === 204 ? 'none' : 'missing')
    t.match(String(type), /^(none|application\/(problem\+)?json; charset=utf-8)$/)
  }
})

t.test('a path that cannot be read is a problem like any other, and is not echoed', async t => {
  const { app, logIn } = await testApp(t)
  const headers = { authorization: `Bearer ${(await logIn()).access_token}` }
  for (const url of ['/%zz', '/sessions/%zz', '/sessions/%ff', '/%c0%ae', '/me%']) {
    const answer = await app.inject({ url, headers })
    isProblem(t, answer, 400, 'invalid_request', url)
    t.notOk(answer.body.includes('%') || answer.body.includes('FST_'))
    t.notOk('strict-transport-security' in answer.headers, 'which is for https')
  }
  for (const id of ['x'.repeat(101), 'x'.repeat(15_000), '%00', "'OR'1", '__proto__', '%2e%2e%2fme', '%F0%9F%98%80']) {
    const url = `/sessions/${id}`
    isProblem(t, await app.inject({ method: 'DELETE', url, headers }), 404, 'not_found', id.slice(0, 20))
    isProblem(t, await app.inject({ method: 'DELETE', url }), 401, 'missing_token', 'the same without a token')
  }
})

t.test('whatever a route throws is 500 "Internal error" and nothing else, and is in the log', async t => {
  const { app, log, faults } = await faultyApp(t)
  for (const url of faults) {
    log.length = 0
    const { statusCode, headers, body } = await app.inject({ url })
    t.equal(statusCode, 500, url)
    t.strictSame(JSON.parse(body), {
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'Internal error',
      code: 'internal',
    })
    t.notOk(JSON.stringify(headers).includes(canary))
    t.ok(
      log.some(line => JSON.parse(line).level === 50 && JSON.parse(line).err),
      'an error line for the operator, with what was thrown',
    )
  }
})

t.test('a database that is broken is a 500 without a word of SQL', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app, logIn } = await testApp(t, { sqlitePath })
  const { refresh_token: token } = await logIn()
  const other = new DatabaseSync(sqlitePath)
  other.exec('DROP TABLE sessions')
  other.close()

  const answer = await post(app, '/refresh', json, JSON.stringify({ refresh_token: token }))
  t.equal(answer.statusCode, 500)
  t.strictSame(Object.keys(answer.json()), ['type', 'title', 'status', 'detail', 'code'])
  t.notMatch(JSON.stringify([answer.headers, answer.body]), /sql|table|sessions|\.ts/i)
})

t.test('a database that is away is a 503 to try again; what needs none goes on', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app, logIn } = await testApp(t, { sqlitePath, loginLimitPerIp: 5 })
  const { access_token: access, refresh_token: refresh } = await logIn()
  const authorization = `Bearer ${access}`
  ruin(sqlitePath)

  const answers = [
    await post(app, '/login', json, '{"username":"maria","password":"demo123"}'),
    await post(app, '/login', form, 'username=maria&password=demo123'),
    await post(app, '/refresh', json, JSON.stringify({ refresh_token: refresh })),
    await post(app, '/token', form, `grant_type=refresh_token&refresh_token=${refresh}`),
    await post(app, '/logout', json, JSON.stringify({ refresh_token: refresh })),
    await app.inject({ method: 'POST', url: '/logout/all', headers: { authorization } }),
    await app.inject({ url: '/sessions', headers: { authorization } }),
    await app.inject({ method: 'DELETE', url: `/sessions/${claimsOf(access)['sid']}`, headers: { authorization } }),
    await app.inject({ url: '/health/ready' }),
  ]
  for (const [index, answer] of answers.entries()) {
    isProblem(t, answer, 503, 'unavailable', `answer ${index}`)
    t.equal(answer.json().detail, 'Temporarily unavailable')
    t.match(String(answer.headers['retry-after']), /^[1-9]\d?$/)
    t.notMatch(answer.body, /sql|not a database/i)
  }
  t.equal((await app.inject({ url: '/me', headers: { authorization } })).statusCode, 200)
  t.equal((await app.inject({ url: '/health/live' })).statusCode, 200)
})

t.test('the body of a request to an unknown URL is not even weighed', async t => {
  const { app } = await testApp(t)
  isProblem(t, await post(app, '/nowhere', json, ' '.repeat(20_000)), 404, 'not_found', 'too large for any route')
  isProblem(t, await post(app, '/nowhere', 'no type', '{'), 404, 'not_found', 'of no type')
})

t.test('unknown URLs are limited, whatever body comes with them', async t => {
  const { app } = await testApp(t)
  const attempt = (body: string) => post(app, '/nowhere', json, body)
  for (let i = 0; i < 60; i++)
    t.strictSame([(await attempt('{')).statusCode, (await attempt('{}')).statusCode], [404, 404])
  const answer = await attempt('{')
  isProblem(t, answer, 429, 'too_many_attempts', 'the 121st in a minute')
  t.match(String(answer.headers['retry-after']), /^[1-9]\d?$/)
  t.match(answer.headers, common)
  t.equal((await app.inject({ url: '/health/live' })).statusCode, 200, 'known ones are not')
})

t.test('an error that nothing caught ends the process, with a line in the log and a code of its own', async t => {
  const fault = `process.on('SIGWINCH', () => void Promise.reject(new Error('${canary}')))`
  const server = await startServer(t, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fault)}` })
  const ended = once(server.process, 'close')
  server.process.kill('SIGWINCH')
  t.strictSame(await ended, [1, null])
  const lines = server
    .output()
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  t.ok(
    lines.some(({ level, err }) => level === 60 && err.message === canary),
    server.output(),
  )
})

t.test('what may be kept does not say to old caches that it may not, and all the rest does', async t => {
  const { app } = await testApp(t, { algorithm: 'ES256', docs: true })
  const kept: string[] = []
  for (const url of [
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/me',
    '/health/live',
    '/nowhere',
  ]) {
    const { headers } = await app.inject({ url })
    const mayBeKept = headers['cache-control'] !== 'no-store'
    if (mayBeKept) kept.push(url)
    t.equal(headers['pragma'], mayBeKept ? undefined : 'no-cache', url)
  }
  t.equal(kept.length, 3)
})
