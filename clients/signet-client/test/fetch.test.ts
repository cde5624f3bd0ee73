/** Behaviour 5: which requests are repeated, and when. */
import t from 'tap'
import { problem, startSignet } from './setup.ts'

const me = (url: string) => `${url}/me`

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
