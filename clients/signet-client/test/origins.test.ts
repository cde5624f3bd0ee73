/** Behaviour 6: the access token goes to the origins it is meant for and to nobody else, redirects included. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import { SignetError } from '../src/signet-error.ts'
import { startSignet } from './setup.ts'

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

  await signet.fetch(named.url, { headers: { authorization: 'Basic eA==' } })
  t.equal(named.seen[3]?.authorization, 'Basic eA==', "a caller's own credentials stay")
  for (const url of [`${named.url}.example.com/`, `http://user@${new URL(stranger.url).host}/`])
    await signet.fetch(url).catch(() => {})
  t.notOk(stranger.seen.some(({ authorization }) => authorization?.startsWith('Bearer')))
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
