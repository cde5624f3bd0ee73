/** A stop of a real process that a client holds up. */
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { startServer, waitUntil } from '../helpers/process.ts'

t.test('a request that never ends holds a stop up no longer than SHUTDOWN_GRACE', async t => {
  const server = await startServer(t, { SHUTDOWN_GRACE: '1' })
  const socket = connect(server.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  const body = ['Content-Type: application/json', 'Content-Length: 100', 'Expect: 100-continue']
  socket.write(`${['POST /login HTTP/1.1', 'Host: x', ...body].join('\r\n')}\r\n\r\n{`)
  t.match(String(await once(socket, 'data')), '100 Continue', 'it has begun')

  const startedAt = performance.now()
  t.equal(await server.stop('SIGINT'), 1)
  t.ok(performance.now() - startedAt < 8_000, 'requests have ten seconds to come whole')
})

t.test(
  'after SIGTERM an instance says that it will stop, and answers; a person who pressed Ctrl-C does not wait',
  async t => {
    // Half of a grace so short is the moment for gateways; who waited as usual would take three seconds.
    const [told, typed] = await Promise.all([startServer(t, { SHUTDOWN_GRACE: '3' }), startServer(t)])
    const order: string[] = []
    const ended = [
      told.stop('SIGTERM').then(code => order.push(`SIGTERM ${code}`)),
      typed.stop('SIGINT').then(code => order.push(`SIGINT ${code}`)),
    ]
    await waitUntil(async () => (await fetch(`${told.url}/health/ready`)).status === 503)
    t.equal((await fetch(`${told.url}/health/live`)).status, 200)
    await Promise.all(ended)
    t.strictSame(order, ['SIGINT 0', 'SIGTERM 0'])
  },
)
