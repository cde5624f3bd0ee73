/** How long a real process takes to stop: for a client that holds it up, for gateways, for a person, after an error. */
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { startServer, waitUntil } from '../helpers/process.ts'

/** Throws where nothing catches it, when it is told to. */
const fragile = `data:text/javascript,process.once('SIGUSR2',()=>{throw new Error('broken')})`

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
  'after SIGTERM an instance says that it will stop, and answers; Ctrl-C, or an error nothing caught, stops it at once',
  async t => {
    // Half of a grace so short is the moment for gateways; who waited as usual would take three seconds.
    const [told, typed, broken] = await Promise.all([
      startServer(t, { SHUTDOWN_GRACE: '3' }),
      startServer(t),
      startServer(t, { NODE_OPTIONS: `--import=${encodeURI(fragile)}` }),
    ])
    const order: string[] = []
    const ended = [
      told.stop('SIGTERM').then(code => order.push(`SIGTERM ${code}`)),
      typed.stop('SIGINT').then(code => order.push(`SIGINT ${code}`)),
      broken.stop('SIGUSR2').then(code => order.push(`error ${code}`)),
    ]
    await waitUntil(async () => (await fetch(`${told.url}/health/ready`)).status === 503)
    t.equal((await fetch(`${told.url}/health/live`)).status, 200)
    await Promise.all(ended)
    t.strictSame(order.slice(0, 2).toSorted(), ['SIGINT 0', 'error 1'])
    t.equal(order[2], 'SIGTERM 0')
    const lines = broken.output().trimEnd().split('\n')
    const stops = lines.map(line => JSON.parse(line)).filter(({ msg }) => msg === 'stopping')
    t.equal(stops.length, 1)
    t.match(stops[0], { level: 60, reason: 'broken', err: { type: 'Error', message: 'broken' } })
  },
)
