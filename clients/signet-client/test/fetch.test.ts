/** Behaviours 5 and 6: which requests are repeated, and which get the access token: those of the origins it is meant for. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import { SignetError } from '../src/signet-error.ts'
import { problem, startSignet } from './setup.ts'

const me = (url: string) => `${url}/me`

/** A server that notes what it is sent and answers as it is told. */
async function startServer(t: Test, redirectsTo?: () => string) {
  const seen: IncomingMessage['headers'][] = []
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    seen.push(request.headers)
    let body = ''
    for await (const piece of request) body += piece
    bodies.push(body)
    if (redirectsTo) response.writeHead(request.method === 'POST' ? 307 : 302, { location: redirectsTo() })
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, seen, bodies }
}

t.test("the access token goes to Signet's origin and those that are named, and to no other", async t => {
  const { open } = await startSignet(t)
  const [named, stranger] = [await startServer(t), await startServer(t)]
  const { signet } = open({ origins: [`${named.url}/api`] })
  await signet.login('maria', 'demo123')
  const token = `Bearer ${await signet.accessToken()}`

  for (const { url } of [named, stranger]) {
    await signet.fetch(`${url}/orders`, { headers: { accept: 'application/json' } })
    await signet.fetch(new Request(`${url}/orders`))
    await signet.fetch(new URL(url))
  }
  t.strictSame(
    named.seen.map(({ authorization }) => authorization),
    [token, token, token],
  )
  t.strictSame(
    stranger.seen.map(({ authorization }) => authorization),
    [undefined, undefined, undefined],
  )
  t.equal(named.seen[0]?.accept, 'application/json')
  await signet.fetch(new Request(`${named.url}/orders`, { headers: { 'x-trace': 'of the request' } }))
  t.match(named.seen.pop(), { 'x-trace': 'of the request', authorization: token })

  await signet.fetch(named.url, { headers: { authorization: 'Basic eA==' } })
  t.equal(named.seen[3]?.authorization, 'Basic eA==', "a caller's own credentials stay")
  for (const url of [`${named.url}.example.com/`, `http://user@${new URL(stranger.url).host}/`])
    await signet.fetch(url).catch(() => {})
  t.notOk(stranger.seen.some(({ authorization }) => authorization?.startsWith('Bearer')))
})

t.test('cookies go along in cookie mode alone', async t => {
  const { url, open } = await startSignet(t)
  for (const [mode, credentials] of [
    ['bearer', 'omit'],
    ['cookie', 'include'],
  ] as const) {
    const seen: unknown[] = []
    const { signet } = open({
      url,
      mode,
      fetch: (input, init) => {
        seen.push(init?.credentials)
        return fetch(input, init)
      },
    })
    await signet.login('maria', 'demo123').catch(() => {}) // outside a browser Signet gives no cookies
    await signet.me().catch(() => {})
    t.ok(seen.length > 0)
    t.ok(
      seen.every(one => one === credentials),
      `${mode}: ${seen}`,
    )
  }
})

t.test('a redirect to another origin does not take the access token along', async t => {
  const { open } = await startSignet(t)
  const stranger = await startServer(t)
  const named = await startServer(t, () => `${stranger.url}/elsewhere`)
  const { signet } = open({ origins: [named.url] })
  await signet.login('maria', 'demo123')

  t.equal((await signet.fetch(named.url)).status, 200)
  await signet.fetch(named.url, { method: 'POST', body: 'order' })
  await signet.fetch(new Request(named.url))
  t.ok(named.seen.every(({ authorization }) => authorization?.startsWith('Bearer ')))
  t.equal(stranger.seen.length, 3)
  t.strictSame(
    stranger.seen.map(({ authorization }) => authorization),
    [undefined, undefined, undefined],
  )
})

t.test('passwords and refresh tokens follow no redirect at all', async t => {
  const { open, time } = await startSignet(t)
  const stranger = await startServer(t)
  const gateway = await startServer(t, () => stranger.url)
  const { signet } = open({ url: gateway.url })
  await t.rejects(signet.login('maria', 'demo123'), SignetError)
  t.equal(gateway.bodies.length, 1)

  const session = open()
  await session.signet.login('maria', 'demo123')
  time.advance(901)
  const { signet: moved } = open({
    fetch: (input, init) => fetch(String(input).endsWith('/login') ? input : gateway.url, init),
  })
  await moved.login('maria', 'demo123')
  time.advance(901)
  await t.rejects(moved.accessToken(), { code: 'network' })
  await t.rejects(moved.logout(), { code: 'network' })
  t.match(gateway.bodies.at(-1), /refresh_token/)
  t.strictSame(stranger.bodies, [], 'nothing arrived where it pointed')
})

t.test('options that make no sense are refused at once', async t => {
  const { open } = await startSignet(t)
  t.throws(() => open({ mode: 'cookies' as 'cookie' }), TypeError)
  t.throws(() => open({ url: '/relative, and there is no page' }), TypeError)
  t.throws(() => open({ origins: ['api.example.com'] }), TypeError)
})

t.test('a request is repeated once after token_expired or missing_token, when its body can be sent again', async t => {
  const { url, open, causes } = await startSignet(t)
  const { signet, network } = open()
  await signet.login('maria', 'demo123')
  const bodies: string[] = []
  const api = new URL('/orders', url).href
  const refuse = (code: string) => problem(401, code)
  const { fetch: send } = network
  const { signet: user } = open({
    fetch: async (input, init) => {
      const request = new Request(input, init)
      if (new URL(request.url).pathname !== '/orders') return send(input, init)
      bodies.push(await request.text())
      return bodies.length % 2
        ? refuse(bodies.length > 2 ? 'missing_token' : 'token_expired')
        : Response.json({ ok: true })
    },
  })
  await user.login('maria', 'demo123')

  for (const request of [
    [api, { method: 'POST', body: 'text' }],
    [new Request(api, { method: 'POST', body: 'text' })],
  ] as const) {
    bodies.length = 0
    t.equal((await user.fetch(...(request as [string, RequestInit]))).status, 200)
    t.strictSame(bodies, ['text', 'text'])
  }
  const stream = new Blob(['once']).stream()
  bodies.length = 0
  const answer = await user.fetch(api, { method: 'POST', body: stream, duplex: 'half' } as RequestInit)
  t.equal(answer.status, 401)
  t.strictSame(bodies, ['once'])
  t.equal(causes.length, 3, 'but the token was renewed for the next one')
})

t.test('a request whose repetition is refused too is not repeated for ever', async t => {
  const { url, open, causes } = await startSignet(t)
  const { signet, network } = open()
  await signet.login('maria', 'demo123')
  network.faults.set('/me', [
    problem(401, 'token_expired'),
    problem(401, 'token_expired'),
    problem(401, 'token_expired'),
  ])

  t.equal((await signet.fetch(me(url))).status, 401)
  t.equal(network.asked.filter(path => path === '/me').length, 2)
  t.equal(causes.length, 1)
})

t.test("behind nginx, whose 401 has a body of its own, the challenge tells what Signet's code would", async t => {
  const { url, open, causes } = await startSignet(t)
  const { signet, network } = open()
  await signet.login('maria', 'demo123')
  const nginx = (challenge: string) =>
    new Response('<html>401 Authorization Required</html>', { status: 401, headers: { 'www-authenticate': challenge } })
  for (const challenge of [
    'Bearer realm="signet"',
    'Bearer error="invalid_token", error_description="Token expired"',
  ]) {
    network.faults.set('/me', [nginx(challenge)])
    t.equal((await signet.fetch(me(url))).status, 200, challenge)
  }
  t.equal(causes.length, 2)
  for (const challenge of [
    'Basic realm="staging"',
    'Bearer error="invalid_token", error_description="Invalid token"',
  ]) {
    network.faults.set('/me', [nginx(challenge)])
    t.equal((await signet.fetch(me(url))).status, 401, challenge)
  }
  t.equal(causes.length, 2)
})
