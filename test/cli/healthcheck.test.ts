/** `signet healthcheck`, which Docker runs every few seconds: whom it asks, and that it ends. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { cli } from '../helpers/cli.ts'

async function answering(t: Test, host: string, status?: number): Promise<string> {
  const server = createServer((_request, response) => {
    if (status) response.writeHead(status).end()
    else setTimeout(() => response.destroy(), 15_000).unref() // for a check that would wait for ever
  })
  t.teardown(() => server.close().closeAllConnections())
  await once(server.listen(0, host), 'listening')
  return String((server.address() as AddressInfo).port)
}

t.test('a service that does not answer is unhealthy after three seconds', async t => {
  const PORT = await answering(t, '127.0.0.1')
  const startedAt = performance.now()
  const { code, stderr } = await cli(['healthcheck'], { PORT })
  t.equal(code, 1)
  t.match(stderr, /did not answer: .*timeout/)
  t.ok(performance.now() - startedAt > 2_900)
})

t.test('it asks the address where the service listens; of one that listens everywhere, this machine', async t => {
  for (const [HOST, listens] of [
    ['127.0.0.1', '127.0.0.1'],
    ['', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['::', '::1'],
    ['::1', '::1'],
  ] as const) {
    const PORT = await answering(t, listens, 200)
    const { code, stdout, stderr } = await cli(['healthcheck'], { HOST, PORT })
    t.strictSame({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' }, HOST)
  }
})

t.test('an empty variable counts as not set, as for the service', async t => {
  const { stderr } = await cli(['healthcheck'], { HOST: '127.0.0.99', PORT: '' }) // where nobody listens
  t.match(stderr, 'signet: http://127.0.0.99:3000/health/ready did not answer')
})

t.test('any other status than 200 is unhealthy, and says so', async t => {
  const PORT = await answering(t, '127.0.0.1', 503)
  const { code, stderr } = await cli(['healthcheck'], { PORT })
  t.equal(code, 1)
  t.equal(stderr, `signet: http://127.0.0.1:${PORT}/health/ready answered 503\n`)
  t.match((await cli(['healthcheck', '--live'], { PORT })).stderr, /health\/live answered 503/)
})
