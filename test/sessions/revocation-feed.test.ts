/** `GET /revocations`: services that verify access tokens by themselves hear which sessions ended. */
import t, { type Test } from 'tap'
import { type TestApp, testApp } from '../helpers/app.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

const secret = newSecret()
const resourceServers = new Map([['orders', secret]])

interface Feed {
  now: number
  cursor: string
  revoked: { sid: string; revoked_at: number }[]
  more: boolean
}

async function prepare(t: Test, overrides = {}, clock = movableClock()) {
  const service = await testApp(t, { resourceServers, ...overrides }, clock)
  return { ...service, ...follow(service.app) }
}

function follow(app: TestApp['app']) {
  const authorization = `Basic ${Buffer.from(`orders:${secret}`).toString('base64')}`
  const ask = (query = '', headers = {}) =>
    app.inject({ url: `/revocations${query}`, headers: { authorization, ...headers } })
  const read = async (query = ''): Promise<Feed> => {
    const answer = await ask(query)
    if (answer.statusCode !== 200) throw new Error(answer.body)
    return answer.json()
  }
  return { ask, read }
}

/** Ends a session of its own. @returns its id */
async function end({ app, logIn }: Pick<TestApp, 'app' | 'logIn'>): Promise<string> {
  const { access_token: token } = await logIn()
  await app.inject({ method: 'POST', url: '/logout', headers: { authorization: `Bearer ${token}` } })
  return String(claimsOf(token)['sid'])
}

const sids = ({ revoked }: Feed) => revoked.map(({ sid }) => sid)

t.test('a session that ended here is told at once, and with its moment after the next poll', async t => {
  const service = await prepare(t)
  const { app, clock, read } = service
  t.strictSame(await read(), { now: clock(), cursor: '0.', revoked: [], more: false })
  const sid = await end(service)
  t.strictSame((await read('?since=0.')).revoked, [{ sid, revoked_at: clock() }])
  const moment = clock()
  clock.advance(1)
  await app.revocations.poll()
  const feed = await read('?since=0.')
  t.strictSame(feed, { now: clock(), cursor: `${moment}.${sid}`, revoked: [{ sid, revoked_at: moment }], more: false })
  app.revocations.add(sid)
  t.strictSame(await read('?since=0.'), feed, 'to end it again is no news')
})

t.test('it is for known services only, and says how to prove to be one', async t => {
  const { app } = await prepare(t)
  for (const authorization of [undefined, 'Basic b3JkZXJzOndyb25n', 'Bearer x']) {
    const answer = await app.inject({ url: '/revocations', headers: { ...(authorization && { authorization }) } })
    t.equal(answer.statusCode, 401)
    t.match(answer.json(), { code: 'invalid_client' })
    t.equal(answer.headers['www-authenticate'], 'Basic realm="signet"')
  }
})

t.test('while nothing happens the answer is 304, to any instance, and the cursor stays', async t => {
  const folder = await temporaryFolder(t)
  const clock = movableClock()
  const config = { sqlitePath: `${folder}/db.sqlite`, secrets: [newSecret()] as const }
  const one = await prepare(t, config, clock)
  const other = await prepare(t, config, clock)
  const sid = await end(one)
  const poll = () => Promise.all([one, other].map(({ app }) => app.revocations.poll()))
  await poll()
  const { cursor } = await one.read()
  t.equal((await other.read()).cursor, cursor)
  const since = `?since=${cursor}`
  const { etag } = (await one.ask(since)).headers
  clock.advance(3600)
  await poll()
  const unchanged = await other.ask(since, { 'if-none-match': etag })
  t.equal(unchanged.statusCode, 304)
  t.equal(unchanged.body, '')
  const lines = other.log.filter(line => line.includes('"path":"/revocations"'))
  t.match(lines.at(-1), /"level":20/, 'it is asked every second: no line of its own')
  t.match(lines.at(-2), /"level":30/, 'an answer that says something has one')
  for (const tags of [`W/${etag}`, `"a", ${etag}`, '*']) {
    t.equal((await other.ask(since, { 'if-none-match': tags })).statusCode, 304, tags)
  }
  t.equal((await one.read(since)).cursor, cursor)
  const next = await end(other)
  const changed = await other.ask(since, { 'if-none-match': etag })
  t.equal(changed.statusCode, 200)
  t.strictSame(sids(changed.json()), [sid, next])
  t.equal((await one.ask(since, { 'if-none-match': etag })).statusCode, 304, 'it polls once a second')
  await poll()
  t.strictSame(sids(await one.read(since)), [sid, next])
})

t.test('a cursor of an instance that is a poll ahead stays', async t => {
  const folder = await temporaryFolder(t)
  const clock = movableClock()
  const config = { sqlitePath: `${folder}/db.sqlite`, secrets: [newSecret()] as const }
  const ahead = await prepare(t, config, clock)
  const behind = await prepare(t, config, clock)
  const known = await end(ahead)
  await behind.app.revocations.poll()
  clock.advance(1)
  await end(ahead)
  await ahead.app.revocations.poll()
  const { cursor } = await ahead.read()
  const feed = await behind.read(`?since=${cursor}`)
  t.strictSame(sids(feed), [known])
  t.equal(feed.cursor, cursor, 'or the next read would be told again what it knows')
})

t.test('what no poll ever brings is told for a minute', async t => {
  const { app, clock, read } = await prepare(t)
  for (const sid of ['gone', 'gone too']) app.revocations.add(sid)
  t.strictSame(sids(await read('?limit=1')), ['gone'], 'and never more than was asked for')
  clock.advance(60)
  await app.revocations.poll()
  t.strictSame(sids(await read()), ['gone', 'gone too'])
  clock.advance(1)
  await app.revocations.poll()
  t.strictSame(sids(await read()), [])
})

t.test('where nothing is asked of a page it has 1,000', async t => {
  const { app, read } = await prepare(t)
  for (let i = 0; i <= 1000; i++) app.revocations.add(`sid-${i}`)
  t.equal((await read()).revoked.length, 1000)
})

t.test('a transaction that commits late, before the cursor, is told all the same', async t => {
  const service = await prepare(t)
  const { app, ask, read, clock } = service
  const { stores } = app
  const late = { sid: '!late', revokedAt: clock() }
  clock.advance(1)
  const sid = await end(service)
  await app.revocations.poll()
  const { cursor } = await read()
  const first = await ask(`?since=${cursor}`)
  const { revokedSince } = stores.sessions
  stores.sessions.revokedSince = async (since, after, limit) => {
    const answer = await revokedSince(since, after, limit)
    return { ...answer, revoked: [late, ...answer.revoked] }
  }
  clock.advance(59)
  await app.revocations.poll()
  const answer = await ask(`?since=${cursor}`, { 'if-none-match': first.headers['etag'] })
  t.equal(answer.statusCode, 200)
  t.strictSame(sids(answer.json()), ['!late', sid])
  t.equal(answer.json().cursor, cursor)
})

t.test('a long list comes page by page, in order and none twice; only a finished read overlaps', async t => {
  const service = await prepare(t)
  const { app, clock, read } = service
  const ended: string[] = []
  for (let i = 0; i < 7; i++) {
    ended.push(await end(service))
    if (i % 2 === 0) clock.advance(31)
  }
  await app.revocations.poll()
  const told: string[] = []
  let feed = await read('?limit=3')
  told.push(...sids(feed))
  for (let pages = 1; feed.more; pages++) {
    t.ok(feed.revoked.length === 3 && pages < 5)
    feed = await read(`?limit=3&since=${feed.cursor}`)
    told.push(...sids(feed))
  }
  t.strictSame(told.toSorted(), ended.toSorted())
  const moments = (await read()).revoked.map(one => one.revoked_at)
  t.strictSame(moments, moments.toSorted())
  t.equal(sids(await read(`?since=${feed.cursor}`)).length, 4, 'of the last 60 seconds, the last one included')
  await end(service)
  const small = await read(`?limit=1&since=${feed.cursor}`)
  t.equal(small.revoked.length, 1)
  t.equal(small.more, true)
})

t.test('a cursor that is too old, from the future, or nonsense is 410; a limit out of range is 400', async t => {
  const service = await prepare(t)
  const { app, clock, ask, read } = service
  await end(service)
  await app.revocations.poll()
  const { cursor } = await read()
  const refused = async (since: string) => {
    const answer = await ask(`?since=${encodeURIComponent(since)}`)
    t.equal(answer.statusCode, 410, since)
    t.match(answer.json(), { code: 'cursor_unknown', detail: 'Cursor is not known' })
  }
  for (const nonsense of ['', 'x', '1', '1.', `${clock() + 61}.x`, `${cursor}.less`, `0${cursor}`, '1e9.x', 'é'])
    await refused(nonsense)
  for (const limit of ['0', '1001', '-1', 'x', '1.5']) t.equal((await ask(`?limit=${limit}`)).statusCode, 400, limit)
  t.equal((await ask('?cursor=x')).statusCode, 400)
  t.equal((await ask('?since=0.&since=0.')).statusCode, 400)

  clock.advance(86_460 + 60)
  await app.revocations.poll()
  t.strictSame(await read(`?since=${cursor}`), { now: clock(), cursor, revoked: [], more: false })
  clock.advance(1)
  await app.revocations.poll()
  await refused(cursor)
  t.match(await read(), { cursor: '0.', revoked: [] })
})

t.test('with the database away it tells what it knows, never as 304, and 503 when that is too old', async t => {
  const service = await prepare(t, { accessTokenSeconds: 900 })
  const { app, clock, ask, read } = service
  const sid = await end(service)
  await app.revocations.poll()
  const { cursor, now } = await read()
  const { etag } = (await ask(`?since=${cursor}`)).headers
  clock.advance(10)
  const old = await ask(`?since=${cursor}`, { 'if-none-match': etag })
  t.equal(old.statusCode, 200)
  t.match(old.json(), { now, revoked: [{ sid }] })
  clock.advance(890)
  const refused = await ask(`?since=${cursor}`)
  t.equal(refused.statusCode, 503)
  t.match(refused.json(), { code: 'unavailable' })
  t.equal(refused.headers['retry-after'], '1')
})
