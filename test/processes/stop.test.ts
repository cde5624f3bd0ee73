/** A stop of a real process that a client holds up. */
import { connect } from 'node:net'
import t from 'tap'
import { startServer } from '../helpers/process.ts'

t.test('a request that never ends holds a stop up no longer than SHUTDOWN_GRACE', async t => {
  const server = await startServer(t, { SHUTDOWN_GRACE: '1' })
  const socket = connect(server.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  const head = ['POST /login HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 100']
  socket.write(`${head.join('\r\n')}\r\n\r\n{`)
  await new Promise(resolve => setTimeout(resolve, 100)) // it has begun: nothing tells

  const startedAt = performance.now()
  t.equal(await server.stop('SIGINT'), 1)
  t.ok(performance.now() - startedAt < 8_000, 'requests have ten seconds to come whole')
})
