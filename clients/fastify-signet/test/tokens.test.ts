/** Which tokens are believed, in whose words the others are refused, and what a flood of them costs. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import { SignJWT } from 'jose'
import t from 'tap'
import { movableTime, newSecret, startIssuer, startService, startSignet, until } from './setup.ts'

t.test("Signet's own tokens are believed, and all others refused in its words", async t => {
  const signet = await startSignet(t)
  const { orders } = await startService(t, signet)
  const { access_token: access, refresh_token: refresh } = await signet.logIn()
  for (let i = 0; i < 3; i++) t.strictSame((await orders(access)).json(), { of: 'user-2' })
  const changed = `${access.slice(0, -20)}${access.at(-20) === 'A' ? 'B' : 'A'}${access.slice(-19)}`
  const [header, , signature] = access.split('.')
  const other = Buffer.from('{"sub":"user-1"}').toString('base64url')
  for (const [token, code] of [
    [undefined, 'missing_token'],
    [refresh, 'access_token_required'],
    [changed, 'invalid_token'],
    [`${header}.${other}.${signature}`, 'invalid_token'],
    ['a.b.c', 'invalid_token'],
    ['é', 'invalid_token'],
  ] as const) {
    const theirs = await fetch(
      `${signet.url}/me`,
      token && token !== 'é' ? { headers: { authorization: `Bearer ${token}` } } : {},
    )
    const ours = await orders(token)
    t.equal(ours.json().code, code)
    t.equal(ours.statusCode, 401)
    t.match(ours.headers['content-type'], /^application\/problem\+json/)
    t.equal(ours.headers['cache-control'], 'no-store')
    if (token === 'é') continue
    t.strictSame(ours.json(), await theirs.json(), code)
    t.equal(ours.headers['www-authenticate'], theirs.headers.get('www-authenticate'), code)
  }
})

t.test('tokens of every algorithm that Signet signs with are believed', async t => {
  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    const signet = await startSignet(t, { algorithm })
    const { orders } = await startService(t, signet)
    t.equal((await orders((await signet.logIn()).access_token)).statusCode, 200, algorithm)
  }
})

t.test('the scheme is read in any case, with one or more spaces behind it', async t => {
  const issuer = await startIssuer(t)
  const { app } = await startService(t, issuer)
  const token = await issuer.sign()
  for (const scheme of ['Bearer ', 'bearer ', 'BEARER   ', 'Bearer  ']) {
    const { statusCode } = await app.inject({ url: '/orders', headers: { authorization: `${scheme}${token}` } })
    t.equal(statusCode, 200, scheme)
  }
})

t.test('algorithm, type, issuer, audience, expiry and the claims we rely on are pinned', async t => {
  const issuer = await startIssuer(t)
  const time = movableTime()
  const { orders } = await startService(t, issuer, time)
  const good = await issuer.sign()
  t.equal((await orders(good)).statusCode, 200)
  const now = time.date()
  const publicKey = await (await fetch(`${issuer.url}/keys`)).text()
  const confused = await new SignJWT({ sub: 'x' })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: '1' })
    .sign(new TextEncoder().encode(publicKey))
  const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${good.split('.')[1]}.`
  const wrong = {
    issuer: await issuer.sign({ iss: 'https://elsewhere.example' }),
    audience: await issuer.sign({ aud: ['https://elsewhere.example'] }),
    'no expiry': await issuer.sign({ exp: undefined }),
    'no session': await issuer.sign({ sid: undefined }),
    'no role': await issuer.sign({ role: undefined }),
    'no address': await issuer.sign({ email: undefined }),
    'an address that is none': await issuer.sign({ email: 1 }),
    'a date that is none': await issuer.sign({ auth_time: 'now' }),
    'an empty name': await issuer.sign({ username: '' }),
    'no id': await issuer.sign({ jti: undefined }),
    'another kind': await issuer.sign({ token_type: 'refresh' }),
    'not yet': await issuer.sign({ nbf: now + 100 }),
    type: await issuer.sign({}, { typ: 'JWT' }),
    confused,
    none,
  }
  for (const [name, token] of Object.entries(wrong))
    t.match((await orders(token)).json(), { code: 'invalid_token' }, name)
  t.match((await orders(await issuer.sign({ exp: now - 1 }))).json(), { code: 'token_expired' })
  for (const others of [
    { aud: ['https://other.example', issuer.url] },
    { email: 'maria@example.com' },
    { auth_time: 1 },
  ])
    t.equal((await orders(await issuer.sign(others))).statusCode, 200, Object.keys(others).join())
  time.advance(900)
  t.match((await orders(good)).json(), { code: 'token_expired', detail: 'Token expired' }, 'also one seen before')
})

t.test('a flood of unknown keys costs no request to Signet', async t => {
  const issuer = await startIssuer(t)
  const time = movableTime()
  const { orders } = await startService(t, issuer, time)
  const good = await issuer.sign()
  await orders(good)
  t.equal(issuer.asked.length, 2, 'the metadata and the keys')
  const flood = async () => {
    const tokens = await Promise.all(Array.from({ length: 200 }, (_, i) => issuer.sign({}, { kid: `none-${i}` })))
    for (const answer of await Promise.all(tokens.map(orders))) t.match(answer.json(), { code: 'invalid_token' })
  }
  await flood()
  t.equal(issuer.asked.length, 2)
  time.advance(10)
  await flood()
  t.equal(issuer.asked.length, 4, 'once in ten seconds, all together')
})

t.test(
  'however often keys were fetched for an unknown one, they are fetched again when their time is over, once',
  async t => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.teardown(() => mock.timers.reset())
    const issuer = await startIssuer(t, { maxAge: 300 })
    const time = movableTime()
    const { orders } = await startService(t, issuer, time)
    mock.timers.tick(100_000)
    time.advance(100)
    await orders(await issuer.sign({}, { kid: 'none' }))
    t.equal(issuer.asked.length, 4, 'the metadata and the keys, twice')
    mock.timers.tick(200_000) // the time of the first ones is over, and nobody has those any more
    for (let i = 0; i < 5; i++) await fetch(`${issuer.url}/later`) // by then whatever was asked for before has arrived
    t.strictSame([...new Set(issuer.asked.slice(4))], ['/later'])
  },
)

t.test('a new key is found, and what a former one has verified is no longer believed', async t => {
  const issuer = await startIssuer(t)
  const time = movableTime()
  const { orders } = await startService(t, issuer, time)
  const old = await issuer.sign()
  t.equal((await orders(old)).statusCode, 200)
  await issuer.rotate('2')
  time.advance(10)
  t.equal((await orders(await issuer.sign())).statusCode, 200)
  t.match((await orders(old)).json(), { code: 'invalid_token' })
})

t.test('a key that was taken back is gone when its time is over, though nobody asks', async t => {
  const issuer = await startIssuer(t, { maxAge: 1 })
  const { orders } = await startService(t, issuer)
  const old = await issuer.sign()
  t.equal((await orders(old)).statusCode, 200)
  // Beside it, to wait once: a service that was closed, and lists that may be kept for years, by proxies, or for no time. The
  // last comes last: once it was asked for again, so was whatever else is kept for a second.
  const closed = await startIssuer(t, { maxAge: 1 })
  const resourceServer = { id: 'orders', secret: 'secret' }
  await (await startService(t, { ...closed, resourceServer })).app.close()
  const odd = await Promise.all(
    ['max-age=31536000', 's-maxage=1, max-age=300', 'no-store', 'max-age=0'].map(cacheControl =>
      startIssuer(t, { cacheControl }),
    ),
  )
  const startedAt = performance.now()
  for (const one of odd) await startService(t, one)

  await issuer.rotate('2')
  await until(async () => (await orders(old)).statusCode === 401)
  t.match((await orders(old)).json(), { code: 'invalid_token' })
  await until(() => (odd.at(-1)?.asked.length ?? 0) >= 4)
  t.strictSame(closed.asked.sort(), ['/.well-known/oauth-authorization-server', '/keys', '/revocations'])
  const others = odd.map(({ asked }) => asked.length)
  const never = others.pop() ?? 0
  const seconds = (performance.now() - startedAt) / 1000
  t.ok(never <= 2 * (1 + seconds), `both lists once a second: ${never} in ${seconds.toFixed(1)} s`)
  t.strictSame(others, [2, 2, 2])
})

t.test('the metadata are where RFC 8414 puts them, those of this issuer, and no redirect is followed', async t => {
  const below = await startIssuer(t, { path: '/auth' })
  const { orders } = await startService(t, below)
  t.equal((await orders(await below.sign())).statusCode, 200)
  t.strictSame(below.asked, ['/.well-known/oauth-authorization-server/auth', '/auth/keys'])

  const moved = createServer((request, response) => {
    response.writeHead(302, { location: `${stranger.url}${request.url}` }).end()
  })
  await new Promise<void>(resolve => void moved.listen(0, '127.0.0.1', resolve))
  t.teardown(() => moved.close().closeAllConnections())
  const { port } = moved.address() as AddressInfo
  const stranger = await startIssuer(t, { issuer: `http://127.0.0.1:${port}` })
  for (const url of [stranger.url, `http://127.0.0.1:${port}`]) {
    const service = await startService(t, { url, audience: stranger.url })
    t.equal(service.app.signet.isReady(), false)
    t.match((await service.orders(await stranger.sign())).json(), { code: 'unavailable' })
  }
})

t.test('while Signet is away the last keys are used; before the first ones the answer is 503', async t => {
  const issuer = await startIssuer(t, { maxAge: 1 })
  const { orders, lines } = await startService(t, issuer)
  await issuer.stop()
  const told = () => lines.filter(line => line.includes('fetching the keys')).length
  await until(() => told() > 0)
  t.equal((await orders(await issuer.sign())).statusCode, 200)
  t.equal(told(), 1, 'told once')

  const late = await startService(t, issuer)
  t.equal(late.app.signet.isReady(), false)
  const refused = await late.orders(await issuer.sign())
  t.equal(refused.statusCode, 503)
  t.match(refused.json(), { code: 'unavailable' })
  t.equal(refused.headers['retry-after'], '1')
  await issuer.start()
  issuer.asked.length = 0
  const token = await issuer.sign()
  const together = await Promise.all(Array.from({ length: 10 }, () => late.orders(token)))
  t.ok(together.every(({ statusCode }) => statusCode === 200))
  t.equal(issuer.asked.filter(path => path === '/keys').length, 1, 'however many wait for them')
  t.equal(late.app.signet.isReady(), true)
})

t.test('HS256: the secret verifies, with a warning; the one before it too', async t => {
  const secrets = [newSecret(), newSecret()]
  const signet = await startSignet(t, { algorithm: 'HS256', secrets: [secrets[1]] })
  const { access_token: token } = await signet.logIn()
  const time = movableTime()
  const { orders, lines } = await startService(t, { url: signet.url, secret: secrets }, time)
  t.equal((await orders(token)).statusCode, 200)
  t.ok(lines.some(line => line.includes('can make tokens')))
  const wrong = await startService(t, { url: signet.url, secret: newSecret() })
  t.match((await wrong.orders(token)).json(), { code: 'invalid_token' })
  const early = await startService(t, { url: signet.url, secret: secrets.toReversed() }, time)
  time.advance(900)
  for (const one of [orders, early.orders])
    t.match((await one(token)).json(), { code: 'token_expired' }, 'whichever of the two has signed it')
})

t.test('a mistake in the options is told at the start', async t => {
  const url = 'https://auth.example.com'
  for (const options of [
    { url: 'auth.example.com' },
    { url: `${url}/` },
    { url, secret: 'x'.repeat(31) },
    { url, staleAfter: 0 },
    { url, whenStale: 'refuse' as const },
    { url, resourceServer: { id: 'orders', secret: '' } },
  ]) {
    await t.rejects(startService(t, options), { message: /^fastify-signet: / })
  }
})
