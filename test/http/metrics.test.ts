/** Metrics: off unless asked for, on a listener of their own, and silent about everybody. (What they say: test/metrics/) */
import { createRequire } from 'node:module'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { testApp, testConfig } from '../helpers/app.ts'
import { measuredApp } from '../helpers/measured.ts'

const libraryIsLoaded = () =>
  Object.keys(createRequire(import.meta.url).cache).some(file => file.includes('@prometheus-io'))

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
  t.equal(response.headers.get('cache-control'), 'no-store')
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

t.test('a hundred connections and no more: the next one is closed without a word', async t => {
  const { url } = await measuredApp(t)
  const port = Number(new URL(url).port)
  const sockets = Array.from({ length: 150 }, () => connect(port, '127.0.0.1').resume())
  const closed = (socket: Socket) =>
    new Promise<Socket>(resolve => socket.on('error', () => {}).once('close', () => resolve(socket)))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  // One that had been let in would be told 408 after a while, and then closed.
  const first = await Promise.race(sockets.map(closed))
  t.equal(first.bytesRead, 0)
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
