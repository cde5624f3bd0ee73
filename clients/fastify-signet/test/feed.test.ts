/** Following the feed of ended sessions, page by page: what is asked, what is remembered, and how old that is. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { createKeys } from '../src/keys.ts'
import { createRevocations } from '../src/revocations.ts'
import { movableTime, until } from './setup.ts'

interface Answer {
  readonly status?: number
  readonly etag?: string
  readonly now?: number
  readonly cursor?: string
  readonly sids?: readonly string[]
  readonly more?: boolean
  /** Seconds. */
  readonly takes?: number
  readonly isLost?: boolean
}

/** A feed that gives these answers in turn, and whoever follows it. Each `poll` is one of those that come every second. */
async function follow(t: Test, resourceServer = { id: 'orders', secret: 'secret' }) {
  const time = movableTime()
  const answers: Answer[] = []
  const asked: { url: string; headers: IncomingHttpHeaders }[] = []
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ url, headers })
    const answer: Answer = answers.shift() ?? { status: 500 }
    if (answer.isLost) return
    const { status = 200, etag, now = 1, cursor = 'c', sids = [], more = false, takes = 0 } = answer
    time.advance(takes)
    if (etag) response.setHeader('etag', etag)
    response.statusCode = status
    response.end(status === 200 ? JSON.stringify({ now, cursor, revoked: sids.map(sid => ({ sid })), more }) : '')
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close().closeAllConnections())
  const lines: string[] = []
  const log = { error: (_: object, text: string) => lines.push(text), info: (text: string) => lines.push(text) }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const feed = createRevocations(url, resourceServer, time, log as never)
  t.teardown(() => feed.stop())
  const poll = (...given: Answer[]) => {
    answers.push(...given)
    return feed.start()
  }
  const keys = createKeys(url, time, log as never)
  return { feed, keys, poll, asked, time, lines, answers }
}

t.test('a long list is read to its end at once', async t => {
  const { feed, poll, asked } = await follow(t)
  await poll({ cursor: 'a', sids: ['one'], more: true }, { cursor: 'b c', sids: ['two'] })
  t.ok(feed.has('one') && feed.has('two'))
  await poll({ cursor: 'b c' })
  t.strictSame(
    asked.map(({ url }) => url),
    ['/revocations', '/revocations?since=a', '/revocations?since=b%20c'],
  )
})

t.test('a cursor that is too old begins again, and nothing is forgotten for that', async t => {
  const { feed, poll, asked, lines } = await follow(t)
  await poll({ cursor: 'a', sids: ['one'] })
  await poll({ cursor: 'a', etag: '"of a"' })
  await poll({ status: 410 }, { cursor: 'z', sids: ['two'] })
  t.ok(feed.has('one') && feed.has('two'))
  t.equal(asked.at(-2)?.headers['if-none-match'], '"of a"')
  t.equal(asked.at(-1)?.url, '/revocations')
  t.equal(asked.at(-1)?.headers['if-none-match'], undefined, 'and shows no tag of another page')
  t.strictSame(lines, [])
})

t.test('a session is refused as long as any token of it may live, and then forgotten', async t => {
  const { feed, poll, time } = await follow(t)
  await poll({ sids: ['ended'] })
  time.advance(86_455)
  await poll({ sids: ['ended'] })
  t.equal(feed.has('ended'), true)
  time.advance(10)
  await poll({})
  t.equal(feed.has('ended'), false)
})

t.test('what has not changed is not sent again, and a tag is shown for its own page only', async t => {
  const { feed, poll, asked, time } = await follow(t)
  await poll({ cursor: 'a', etag: '"whole"' })
  await poll({ cursor: 'a', etag: '"nothing new"' })
  time.advance(20)
  await poll({ status: 304 })
  t.strictSame(
    asked.map(({ headers }) => headers['if-none-match']),
    [undefined, undefined, '"nothing new"'],
  )
  t.ok(feed.age() < 10, 'a 304 is for a list that is fresh')
})

t.test('while Signet itself does not know, the knowledge grows old', async t => {
  const { feed, poll, time } = await follow(t)
  await poll({ now: 100 })
  time.advance(20)
  await poll({ now: 100 })
  t.ok(feed.age() >= 20)
  await poll({ now: 101 })
  t.ok(feed.age() < 10)
})

t.test('an answer tells of the moment at which it was asked for, however late it comes', async t => {
  const { feed, poll } = await follow(t)
  await poll({ takes: 20 })
  t.ok(feed.age() >= 20)
})

t.test('an outage is a line when it begins and one when it is over', async t => {
  const { poll, lines } = await follow(t)
  for (let i = 0; i < 3; i++) await poll({ status: 503 })
  for (let i = 0; i < 3; i++) await poll({})
  t.match(lines, [/failed$/, /works again$/])
  t.equal(lines.length, 2)
})

t.test('an id or a secret with a colon is form-encoded (RFC 6749 section 2.3.1)', async t => {
  const { poll, asked } = await follow(t, { id: 'a:b', secret: 'x:y %é' })
  await poll({})
  const [, encoded = ''] = asked[0]?.headers.authorization?.split(' ') ?? []
  const parts = Buffer.from(encoded, 'base64').toString().split(':')
  t.strictSame(parts.map(decodeURIComponent), ['a:b', 'x:y %é'])
})

t.test('whoever stops waits for no answer that is under way', { timeout: 10_000 }, async t => {
  const { feed, keys, poll, asked, lines, answers } = await follow(t)
  for (const [follower, begin] of [
    [feed, () => poll({ isLost: true })],
    [keys, () => answers.push({ isLost: true }) && keys.load()],
  ] as const) {
    const before = asked.length
    const under = begin()
    await until(() => asked.length > before)
    follower.stop()
    await under
  }
  t.strictSame(lines, [], 'and complains of none')
})

t.test('a Signet that takes a connection and says nothing is away after five seconds', { timeout: 10_000 }, async t => {
  const { feed, keys, poll, asked, lines, answers } = await follow(t)
  t.teardown(() => keys.stop())
  mock.timers.enable({ apis: ['AbortSignal.timeout' as never] }) // its types do not know it yet
  t.teardown(() => mock.timers.reset())
  for (const begin of [() => poll({ isLost: true }), () => answers.push({ isLost: true }) && keys.load()]) {
    const before = asked.length
    const under = begin()
    await until(() => asked.length > before)
    mock.timers.tick(4_999)
    await new Promise(setImmediate)
    t.equal(lines.length, before, 'it may be slow')
    mock.timers.tick(1)
    await under
  }
  t.match(lines, [/^following .*failed$/, /^fetching the keys .*failed$/])
  await poll({})
  t.ok(feed.age() < 10, 'and it is asked again')
})
