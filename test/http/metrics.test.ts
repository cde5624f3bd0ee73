/** Metrics: off unless asked for, on a listener of their own, exact, and silent about everybody. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { type Overrides, testApp, testConfig } from '../helpers/app.ts'
import { parseExposition } from '../helpers/exposition.ts'
import { freePort, temporaryFolder, waitUntil } from '../helpers/process.ts'

const libraryIsLoaded = () =>
  Object.keys(createRequire(import.meta.url).cache).some(file => file.includes('@prometheus-io'))

async function measuredApp(t: Test, overrides: Overrides = {}) {
  const metricsPort = await freePort()
  const made = await testApp(t, { metricsPort, ...overrides })
  const url = `http://127.0.0.1:${metricsPort}/metrics`

  async function scrape() {
    const text = await (await fetch(url)).text()
    const all = parseExposition(text)
    /** The value of the one sample with exactly these labels. */
    function value(name: string, labels: Record<string, string> = {}): number | undefined {
      const samples = [...all.values()].flatMap(series => series.samples).filter(sample => sample.name === name)
      const wanted = JSON.stringify(Object.entries(labels).sort())
      return samples.find(sample => JSON.stringify(Object.entries(sample.labels).sort()) === wanted)?.value
    }
    /** All values of a series by its one label. */
    function by(name: string, label: string): Record<string, number> {
      const samples = all.get(name)?.samples ?? []
      return Object.fromEntries(samples.map(({ labels, value }) => [labels[label], value]))
    }
    return { text, all, value, by }
  }
  return { ...made, url, scrape }
}

// First, before another test of this file loads the library.
t.test('without METRICS_PORT there are none, and nothing of them is loaded', async t => {
  const { app, logIn } = await testApp(t)
  await logIn()
  t.equal(app.metrics, undefined)
  t.notOk(libraryIsLoaded())
})

t.test('they have a listener of their own, for GET /metrics and nothing else, as long as the service runs', async t => {
  const { app, url } = await measuredApp(t)
  t.ok(libraryIsLoaded())

  const response = await fetch(url)
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  t.equal((await app.inject('/metrics')).statusCode, 404, 'not beside the service')
  const others: [string, string][] = [
    ['POST', '/metrics'],
    ['HEAD', '/metrics'],
    ['GET', '/'],
    ['GET', '/metrics/'],
    ['GET', '/metrics?name=x'],
    ['GET', '/me'],
  ]
  for (const [method, path] of others) {
    t.equal((await fetch(new URL(path, url), { method })).status, 404, `${method} ${path}`)
  }

  const config = testConfig({ metricsPort: Number(new URL(url).port), logLevel: 'silent' })
  const other = await buildApp({ config, log: { write() {} }, background: false })
  await t.rejects(async () => other.ready(), { code: 'EADDRINUSE' }, 'a port that is taken fails the start')
  await other.close()

  await app.close()
  await t.rejects(fetch(url))
})

t.test('every event is counted once, where it belongs', async t => {
  const measured = await measuredApp(t, { loginFreeFailures: 2, refreshRetriesPerDay: 1 })
  const { app, clock, logIn, refresh, me, scrape } = measured
  const attempt = (username: string, password: string) =>
    app.inject({ method: 'POST', url: '/login', body: { username, password } })

  const first = await logIn()
  const second = await logIn()
  const third = await logIn('maria')
  await attempt('thirdy', 'a wrong password')
  await attempt('somebody', 'else')
  await attempt('somebody', 'else')
  await attempt('somebody', 'else') // must wait by now

  const rotated = await refresh(first.refresh_token)
  await refresh(first.refresh_token)
  await refresh(first.refresh_token)
  clock.advance(60)
  await refresh(first.refresh_token) // the one retry of the day
  clock.advance(60)
  await refresh(first.refresh_token) // so this is reuse
  await refresh(rotated.json().refresh_token) // and this session has ended
  await refresh('not.a.token')
  await app.inject({ method: 'POST', url: '/logout', headers: { authorization: `Bearer ${third.access_token}` } })
  await app.inject({ method: 'POST', url: '/logout', headers: { authorization: `Bearer ${third.access_token}` } })
  await me(second.access_token)
  await me('nonsense')
  const asAdmin = { authorization: `Bearer ${second.access_token}` }
  await app.inject({ url: '/users/user-2?x=y', headers: asAdmin })
  await app.inject({ url: '/users/nobody-at-all', headers: asAdmin })
  for (const path of ['/one/secret/path', '/another', '/a?token=b']) await app.inject(path)
  await app.stores.users.update('user-2', { role: 'admin' }) // or the other one would be the last
  await app.inject({ method: 'DELETE', url: '/users/user-1', headers: asAdmin })
  clock.advance(3)

  const { by, value, all } = await scrape()
  t.strictSame(by('signet_logins_total', 'outcome'), {
    success: 3,
    challenged: 0,
    failed: 3,
    throttled: 1,
    overloaded: 0,
  })
  t.strictSame(by('signet_refreshes_total', 'outcome'), {
    rotated: 1,
    repeated: 2,
    retried: 1,
    recovered: 0,
    revoked: 1,
    expired: 0,
    reuse: 1,
    ahead: 0,
  })
  t.equal(value('signet_sessions_begun_total'), 3)
  t.strictSame(by('signet_sessions_ended_total', 'cause'), {
    logout: 1,
    logout_all: 0,
    ended: 0,
    displaced: 0,
    reuse: 1,
    password_changed: 0,
    email_changed: 0,
    factor_added: 0,
    factor_removed: 0,
    user_changed: 0,
    user_deleted: 1,
  })

  const counts = all
    .get('signet_http_request_duration_seconds')
    ?.samples.filter(({ name }) => name.endsWith('_count'))
    .map(({ labels, value }) => `${labels['method']} ${labels['route']} ${labels['status']}: ${value}`)
  t.strictSame(counts?.sort(), [
    'DELETE /users/:id 204: 1',
    'GET /me 200: 1',
    'GET /me 401: 1',
    'GET /users/:id 200: 1',
    'GET /users/:id 404: 1',
    'GET none 404: 3',
    'POST /login 200: 3',
    'POST /login 401: 3',
    'POST /login 429: 1',
    'POST /logout 204: 2',
    'POST /refresh 200: 4',
    'POST /refresh 401: 3',
  ])
  const login = { method: 'POST', route: '/login', status: '200' }
  const buckets = all
    .get('signet_http_request_duration_seconds')
    ?.samples.filter(({ name, labels }) => name.endsWith('_bucket') && labels['route'] === '/login')
    .filter(({ labels }) => labels['status'] === '200')
  t.match(buckets?.at(0), { labels: { le: '0.0005' } })
  t.match(buckets?.at(-1), { labels: { le: '+Inf' }, value: 3 })
  const seconds = value('signet_http_request_duration_seconds_sum', login) ?? 0
  t.ok(seconds > 0.0005 && seconds < 10, `${seconds} s for three logins`)

  t.equal(value('signet_revocation_list_size'), 3)
  t.equal(value('signet_revocation_list_age_seconds'), 123)
  t.ok((value('signet_hashes_total') ?? 0) >= 6)
  t.ok((value('signet_hash_seconds_total') ?? 0) > 0)
  t.equal(value('signet_clients_share_one_address'), 0)
  t.strictSame(by('signet_database_errors_total', 'kind'), { unavailable: 0, unexpected: 0 })
  const delays = by('signet_event_loop_delay_seconds', 'quantile')
  t.ok((delays['0.5'] ?? -1) >= 0 && (delays['0.99'] ?? 9) < 2, JSON.stringify(delays))
  t.ok((value('process_resident_memory_bytes') ?? 0) > 10_000_000)
  t.equal(all.has('signet_signing_key_age_seconds'), false, 'HS256 has no ring')
})

t.test('sessions that end together are counted one by one', async t => {
  const { app, logIn, scrape } = await measuredApp(t)
  const [{ access_token: token }] = await Promise.all([logIn(), logIn(), logIn()])
  const answer = await app.inject({
    method: 'POST',
    url: '/logout/all',
    headers: { authorization: `Bearer ${token}` },
  })

  t.strictSame(answer.json(), { sessions_ended: 3 })
  t.equal((await scrape()).value('signet_sessions_ended_total', { cause: 'logout_all' }), 3)
})

t.test('no series names a path, a person, a token or an address', async t => {
  const { app, logIn, refresh, scrape } = await measuredApp(t)
  const tokens = await logIn()
  await refresh(tokens.refresh_token)
  const remoteAddress = '203.0.113.77'
  const headers = { authorization: `Bearer ${tokens.access_token}`, 'user-agent': 'telltale-agent' }
  await app.inject({ url: '/users/user-2?secret=query', headers, remoteAddress })
  await app.inject({ url: '/telltale-path', headers, remoteAddress })
  await app.inject({ method: 'DELETE', url: '/sessions/telltale-session', headers, remoteAddress })
  await app.inject({ method: 'PROPFIND', url: '/telltale', remoteAddress })
  await app.inject({
    method: 'POST',
    url: '/login',
    body: { username: 'telltale-name', password: 'telltale-password' },
    remoteAddress,
  })

  const { text, all } = await scrape()
  const found = [...Object.values(tokens).filter(one => String(one).length > 20), 'thirdy', 'user-', remoteAddress]
  for (const one of [...found, '127.0.0.1', 'telltale', 'secret', 'PROPFIND']) t.notMatch(text, String(one))
  const routes = new Set(all.get('signet_http_request_duration_seconds')?.samples.map(({ labels }) => labels['route']))
  t.strictSame([...routes].sort(), ['/login', '/refresh', '/sessions/:id', '/users/:id', 'none'])
})

t.test('hashing: what works, what waits, and what is turned away', async t => {
  const measured = await measuredApp(t, {
    bcryptCost: 12,
    hashThreads: 1,
    hashQueue: 2,
    loginFreeFailures: 0,
    loginLimitExempt: ['127.0.0.1'],
  })
  const { app, scrape } = measured
  const attempt = () => app.inject({ method: 'POST', url: '/login', body: { username: 'nobody', password: 'x' } })

  const attempts = [1, 2, 3, 4].map(attempt)
  await waitUntil(async () => {
    const { value } = await scrape()
    return value('signet_hash_queue_working') === 1 && value('signet_hash_queue_waiting') === 2
  })
  const statuses = (await Promise.all(attempts)).map(({ statusCode }) => statusCode)
  t.strictSame(statuses.sort(), [401, 401, 401, 503])

  const { by, value } = await scrape()
  t.strictSame(by('signet_logins_total', 'outcome'), {
    success: 0,
    challenged: 0,
    failed: 3,
    throttled: 0,
    overloaded: 1,
  })
  t.equal(value('signet_hash_queue_working'), 0)
  t.equal(value('signet_hash_queue_waiting'), 0)
  t.equal(value('signet_hash_queue_limit'), 2)
  t.equal(value('signet_hashes_total'), 3)
  t.ok((value('signet_hash_seconds_total') ?? 0) > 0.1)
})

t.test('a locked database is an error of the database', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app, scrape } = await measuredApp(t, { sqlitePath })
  const locking = new DatabaseSync(sqlitePath)
  locking.exec('BEGIN IMMEDIATE')

  const body = { username: 'thirdy', password: 'demo123' }
  t.equal((await app.inject({ method: 'POST', url: '/login', body })).statusCode, 503)
  locking.exec('ROLLBACK')
  locking.close()

  const { value, by } = await scrape()
  t.equal(value('signet_database_errors_total', { engine: 'sqlite', kind: 'unavailable' }), 1)
  t.equal(value('signet_database_errors_total', { engine: 'sqlite', kind: 'unexpected' }), 0)
  t.strictSame(by('signet_logins_total', 'outcome'), {
    success: 0,
    challenged: 0,
    failed: 0,
    throttled: 0,
    overloaded: 0,
  })
})

t.test('an address that all clients share shows, and goes again', async t => {
  const { app, clock, scrape } = await measuredApp(t)
  const isShared = async () => (await scrape()).value('signet_clients_share_one_address')
  const ask = async (remoteAddress: string, times: number, url = '/.well-known/jwks.json') => {
    for (let i = 0; i < times; i++) await app.inject({ url, remoteAddress })
  }

  await ask('198.51.100.1', 99)
  t.equal(await isShared(), 0, '99 are too few to tell')
  await ask('127.0.0.1', 5, '/health/live')
  await ask('127.0.0.2', 5, '/revocations')
  await ask('198.51.100.1', 1)
  t.equal(await isShared(), 1, 'and a health check or a service from elsewhere does not hide it')
  await ask('198.51.100.2', 1)
  t.equal(await isShared(), 0, 'there is a second client')

  clock.advance(300)
  t.equal(await isShared(), 0, 'nobody was there')
  await ask('2001:db8::1', 60)
  clock.advance(120)
  await ask('2001:db8::2', 60)
  t.equal(await isShared(), 1, 'one IPv6 network is one client')
  clock.advance(240)
  t.equal(await isShared(), 0, 'the first 60 are older than five minutes')
})

t.test('the age of the signing key', async t => {
  const { clock, scrape } = await measuredApp(t, { algorithm: 'ES256' })
  clock.advance(86_400)
  t.equal((await scrape()).value('signet_signing_key_age_seconds'), 86_400)
})
