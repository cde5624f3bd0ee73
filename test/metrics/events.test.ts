/** Counters of what happens: each once, where it belongs. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { measuredApp } from '../helpers/measured.ts'
import { temporaryFolder } from '../helpers/process.ts'

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
  t.ok((delays['0.5'] ?? -1) >= 0 && (delays['0.5'] ?? 9) < 2 && (delays['0.99'] ?? -1) >= 0, JSON.stringify(delays))
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

t.test('a change that ends no session is none of those that do', async t => {
  const { app, logIn, scrape } = await measuredApp(t)
  const headers = { authorization: `Bearer ${(await logIn()).access_token}` }
  const body = { email: 'maria@example.com', disabled: true }
  await app.inject({ method: 'PATCH', url: '/users/user-2', headers, body })
  t.equal((await scrape()).value('signet_sessions_ended_total', { cause: 'user_changed' }), 0)
})

t.test('a login that finds no room for its hash is counted, wherever it came in', async t => {
  const { app, scrape } = await measuredApp(t)
  const { verify } = app.hasher
  t.teardown(() => Object.assign(app.hasher, { verify })) // it is that of the next test, too
  Object.assign(app.hasher, { verify: () => Promise.reject(new SignetError('overloaded', 'no room for another hash')) })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const form = 'grant_type=password&username=thirdy&password=demo123'
  for (const url of ['/login', '/token']) await app.inject({ method: 'POST', url, headers, body: form })
  await app.inject({ method: 'POST', url: '/login', body: { username: 'thirdy', password: 'demo123' } })
  t.equal((await scrape()).value('signet_logins_total', { outcome: 'overloaded' }), 3)
})

t.test('a login that fails is counted, by whatever is shown', async t => {
  const { app, scrape } = await measuredApp(t)
  const answer = { clientDataJSON: 'x', authenticatorData: 'x', signature: 'x' }
  const response = { id: 'x', rawId: 'x', type: 'public-key', clientExtensionResults: {}, response: answer }
  for (const [url, body] of [
    ['/login', { username: 'thirdy', password: 'wrong' }],
    ['/login/second-factor', { challenge: 'none', code: '000000' }],
    ['/login/passkey', { response }],
  ] as const)
    t.equal((await app.inject({ method: 'POST', url, body })).statusCode, 401, url)
  t.equal((await scrape()).value('signet_logins_total', { outcome: 'failed' }), 3)
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

t.test(
  'a name that is taken is an answer of the database; a table that is gone is an error nobody expected',
  async t => {
    const sqlitePath = join(await temporaryFolder(t), 'signet.db')
    const { app, logIn, scrape } = await measuredApp(t, { sqlitePath })
    const headers = { authorization: `Bearer ${(await logIn()).access_token}` }
    const add = () =>
      app.inject({ method: 'POST', url: '/users', headers, body: { username: 'ana', password: 'a long sentence' } })
    const errors = async () => (await scrape()).by('signet_database_errors_total', 'kind')
    t.strictSame([(await add()).statusCode, (await add()).statusCode], [201, 409])
    t.strictSame(await errors(), { unavailable: 0, unexpected: 0 })

    const other = new DatabaseSync(sqlitePath)
    other.exec('DROP TABLE sessions')
    other.close()
    t.equal((await app.inject({ url: '/sessions', headers })).statusCode, 500)
    t.strictSame(await errors(), { unavailable: 0, unexpected: 1 })
  },
)
