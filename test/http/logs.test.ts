/** What the log must never hold, at its most talkative level, whatever field of whatever request it was put in. */
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { RequestLog } from '../../src/http/request-log.ts'
import { form, json, post } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { forge } from '../helpers/forge.ts'
import { temporaryFolder, waitUntil } from '../helpers/process.ts'
import { headerOf, newSecret } from '../helpers/tokens.ts'

const sqlitePath = join(await temporaryFolder(t), 'signet.db')
const { app, log, logIn, me, refresh } = await testApp(t, { sqlitePath, loginFreeFailures: 0 })

const forgery = '\r\n{"level":30,"msg":"forged"}\n\u001b[2K\u001b[31m\u2028\u2029\u0085\0'
const canary = (field: string) => `canary-${field}`
const inJson = (value: unknown) => JSON.stringify(value)
const form_ = (fields: Record<string, string>) => new URLSearchParams(fields).toString()

/** Every place where a request can carry a secret, filled with one that is told by its name. */
async function requestsFullOfSecrets(): Promise<void> {
  const headers = {
    authorization: `Bearer ${canary('bearer')}`,
    cookie: `__Host-signet_access=${canary('cookie')}; __Host-signet_refresh=${canary('cookie')}`,
    'proxy-authorization': `Basic ${canary('proxy')}`,
    'x-api-key': canary('key'),
    'x-request-id': canary('id'),
    referer: `https://app.example/?token=${canary('referer')}`,
    'user-agent': canary('agent') + forgery,
    'x-forwarded-for': canary('address') + forgery,
  }
  const query = `?access_token=${canary('query')}&password=${canary('query')}`
  const [username, password] = [canary('name') + forgery, canary('password') + forgery]
  const token = canary('token')
  const bodies: [string, string, string][] = [
    ['/login', json, inJson({ username, password })],
    ['/login', json, inJson({ username: `${canary('name')}@example.com`, password })],
    ['/login', json, inJson({ username: 'maria', password })],
    ['/login', json, inJson({ username, password, [canary('member')]: canary('member') })],
    ['/login', json, inJson({ username: [username], password: { password } })],
    ['/login', json, `{"username":"maria","password":"${canary('password')}`],
    ['/login', json, canary('password')],
    ['/login', 'text/plain', canary('password')],
    ['/login', `application/${canary('type')}`, canary('password')],
    ['/login', form, form_({ grant_type: canary('grant'), username, password, client_secret: canary('client') })],
    ['/login', form, `username=${canary('name')}&password=${canary('password')}&password=${canary('password')}`],
    ['/login', form, `username=${canary('name')}&password=${canary('password')}%ff`],
    ['/token', form, form_({ grant_type: 'password', username, password, client_secret: canary('client') })],
    ['/token', form, form_({ grant_type: 'refresh_token', refresh_token: token })],
    ['/refresh', json, inJson({ refresh_token: token })],
    ['/refresh', json, inJson({ refresh_token: { token } })],
    ['/logout', json, inJson({ refresh_token: token })],
    ['/logout/all', json, inJson({ refresh_token: token })],
    ['/nowhere', json, inJson({ refresh_token: token })],
  ]
  for (const [url, type, body] of bodies) {
    await post(app, url, type, body)
    await app.inject({ method: 'POST', url: url + query, headers: { ...headers, 'content-type': type }, body })
  }
  for (const url of ['/me', '/sessions', '/health/live', '/nowhere', '/%zz'])
    await app.inject({ url: url + query, headers })
  await app.inject({ method: 'DELETE', url: `/sessions/${canary('parameter')}${query}`, headers })
  const { access_token: good } = await logIn('maria')
  const authorization = `Bearer ${good}`
  await app.inject({ method: 'DELETE', url: `/sessions/${canary('parameter')}${query}`, headers: { authorization } })
}

/** A whole life of good tokens, and of tokens that are refused at each stage. */
async function lifeOfTokens(): Promise<string[]> {
  const first = await logIn('maria')
  const second = (await refresh(first.refresh_token)).json()
  const forged = forge(headerOf(first.access_token), { sub: canary('sub') }, app.config.secrets[0])
  const tokens = [
    first.access_token,
    first.refresh_token,
    second.access_token,
    second.refresh_token,
    forged,
    `${forged}x`,
  ]
  for (const token of tokens) {
    await me(token)
    await refresh(token)
    await app.inject({
      url: `/sessions?token=${token}`,
      headers: { authorization: `Bearer ${token}`, cookie: `a=${token}` },
    })
    await post(app, '/logout', json, inJson({ refresh_token: token }))
    await post(app, '/logout', json, inJson({ refresh_token: `${token}!` }))
  }
  return tokens
}

function isClean(t: Test, secrets: string[]): void {
  for (const line of log) {
    t.ok(line.endsWith('}\n') && line.indexOf('\n') === line.length - 1, 'one line')
    const { level, msg } = JSON.parse(line)
    t.ok(level >= 10 && msg !== 'forged')
    for (const secret of secrets) if (line.includes(secret)) t.fail(`a log line holds ${secret}: ${line}`)
  }
}

t.test('no secret of a request is in the log, and nothing in it makes a line of its own', async t => {
  await requestsFullOfSecrets()
  t.ok(
    log.some(line => line.includes('"path":"/login"')),
    'it does log',
  )
  isClean(t, ['canary-', 'demo123', '$2b$', app.config.secrets[0]])
})

t.test('no token is in the log, good or bad, whole or its signature alone', async t => {
  log.length = 0
  const tokens = await lifeOfTokens()
  t.ok(log.length > tokens.length * 5)
  isClean(t, [...tokens.map(token => token.split('.')[2] ?? ''), 'eyJ', 'canary-'])
})

t.test('not even a database that breaks in the middle puts them there', async t => {
  log.length = 0
  const { access_token: good, refresh_token: token } = await logIn('maria')
  const other = new DatabaseSync(sqlitePath)
  other.exec('DROP TABLE sessions; DROP TABLE users')
  other.close()
  await requestsFullOfSecrets().catch(() => {}) // its own login fails now, which is its last act
  for (const url of ['/refresh', '/logout'])
    t.equal((await post(app, url, json, inJson({ refresh_token: token }))).statusCode, 500)
  t.equal((await app.inject({ url: '/sessions', headers: { authorization: `Bearer ${good}` } })).statusCode, 500)
  t.ok(
    log.some(line => line.includes('no such table')),
    'the operator is told',
  )
  isClean(t, ['canary-', 'demo123', 'eyJ', '$2b$', app.config.secrets[0]])
})

t.test('the line of a request has what every other line has, and its own', async t => {
  const { app, log, me, logIn } = await testApp(t, { trustedProxies: ['127.0.0.1'] })
  await me((await logIn('maria')).access_token)
  const last = JSON.parse(log.at(-1) ?? '')
  const login = JSON.parse(log.find(line => line.includes('"audit"')) ?? '')
  t.match(last, { level: 30, pid: login.pid, hostname: login.hostname, method: 'GET', path: '/me', status: 200 })
  t.same(Object.keys(last).slice(0, 5), [...Object.keys(login).slice(0, 4), 'reqId'])
  t.ok(Math.abs(last.time - login.time) < 60_000)
  t.match(last, { ip: '127.0.0.1', ms: Number, msg: 'request' })

  await app.inject({ method: 'DELETE', url: '/sessions/a"b?token=x' })
  t.match(JSON.parse(log.at(-1) ?? ''), { method: 'DELETE', path: '/sessions/:id', status: 401 })
  await app.inject({ url: '/me?token=x', headers: { 'x-forwarded-for': '203.0.113.7, "}\n{' } })
  t.match(JSON.parse(log.at(-1) ?? ''), { path: '/me', status: 401 }, 'whatever a proxy passes on as an address')
  await app.inject({ url: '/no"where?token=x' })
  t.match(JSON.parse(log.at(-1) ?? ''), { path: 'unknown', status: 404 })
})

t.test('no line for a request where only warnings are asked for', async t => {
  const { log, me } = await testApp(t, { logLevel: 'warn' })
  await me('nonsense')
  t.same(log, [])
})

t.test('an answer that broke off is told from one that arrived, with the reason', async t => {
  const lines: string[] = []
  const app = Fastify({
    logger: { level: 'info', stream: { write() {} } },
    logController: new RequestLog({ write: line => void lines.push(line) }, 'info'),
  })
  t.teardown(() => app.close())
  app.decorateRequest('clientIp', '127.0.0.1')
  app.get('/me', (_request, reply) => void reply.raw.emit('error', new Error('read "ECONNRESET"')))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET /me HTTP/1.1\r\nHost: x\r\n\r\n')

  await waitUntil(async () => lines.length > 0)
  socket.destroy()
  t.match(JSON.parse(lines[0] ?? ''), { reason: 'read "ECONNRESET"', msg: 'request aborted' })
})

t.test('what asks for ever is a line at debug alone: probes, and polls that bring nothing', async t => {
  const secret = newSecret()
  const authorization = `Basic ${Buffer.from(`api:${secret}`).toString('base64')}`
  for (const logLevel of ['info', 'debug'] as const) {
    const { app, log } = await testApp(t, { logLevel, resourceServers: new Map([['api', secret]]) })
    await app.revocations.poll()
    const first = await app.inject({ url: '/revocations', headers: { authorization } })
    const { cursor } = first.json()
    const headers = { authorization, 'if-none-match': String(first.headers['etag']) }
    const again = { url: `/revocations?since=${encodeURIComponent(cursor)}`, headers }
    const tag = (await app.inject({ url: again.url, headers: { authorization } })).headers['etag']
    log.length = 0
    t.equal((await app.inject({ ...again, headers: { ...headers, 'if-none-match': String(tag) } })).statusCode, 304)
    for (const url of ['/health/live', '/health/ready']) await app.inject({ url })
    const lines = log.map(line => JSON.parse(line)).filter(({ msg }) => msg === 'request')
    if (logLevel === 'info') t.strictSame(lines, [])
    else t.match(lines, [{ level: 20, path: '/revocations' }, { level: 20 }, { level: 20 }])
    await app.inject({ url: '/revocations', headers: { authorization } })
    t.match(JSON.parse(log.at(-1) ?? '{}'), { level: 30, path: '/revocations', status: 200 }, logLevel)
  }
})
