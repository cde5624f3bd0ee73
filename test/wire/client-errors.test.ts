/** Connections on which nothing came, or something that is no request, at a server whose times are short. */
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { answerClientError } from '../../src/wire/client-errors.ts'
import { exchange, lastRequest } from '../helpers/raw.ts'

async function serve(t: Test, patience: number, limit = 100) {
  const lines: string[] = []
  const log = { debug: (_about: object, message: string) => void lines.push(message) }
  const limits = { headersTimeout: limit, requestTimeout: limit, connectionsCheckingInterval: 20 }
  const server: Server = createServer(limits, (_request, response) => response.end('hello'))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    answerClientError(String(error.code), socket as Parameters<typeof answerClientError>[1], {
      log,
      headers: {},
      patience,
    })
    server.emit('judged', error.code)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  return { server, lines, port: (server.address() as { port: number }).port }
}

const judged = (server: Server) => new Promise(resolve => server.once('judged', resolve))

t.test('a connection opened in advance is good for a request long after the time for headers', async t => {
  const { server, lines, port } = await serve(t, 60_000)
  const answer = new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      judged(server).then(() => socket.write(lastRequest), reject)
    })
    let received = ''
    socket.on('data', chunk => (received += chunk)).on('close', () => resolve(received))
  })
  t.match(await answer, /^HTTP\/1\.1 200 .*hello/s)
  t.strictSame(lines, [])
})

t.test('one on which nothing ever comes is closed in the end, without a byte', async t => {
  const { lines, port } = await serve(t, 50)
  const received = await new Promise<string>(resolve => {
    let text = ''
    const socket = connect(port, '127.0.0.1')
    socket.on('data', chunk => (text += chunk)).on('close', () => resolve(text))
  })
  t.equal(received, '')
  t.strictSame(lines, [])
})

t.test('half a request is 408 as ever, also on a connection that was idle before', async t => {
  const { server, lines, port } = await serve(t, 60_000)
  const half = 'GET / HTTP/1.1\r\nHost'
  t.match(await exchange(port, half), [{ status: 408, headers: { connection: 'close' } }])
  const received = await new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => {
      judged(server).then(() => socket.write(half), reject)
    })
    socket.on('data', chunk => (text += chunk)).on('close', () => resolve(text))
  })
  t.match(received, /^HTTP\/1\.1 408 /)
  t.strictSame(lines, ['not a request', 'not a request'])
})

t.test('what comes after a broken request is not answered a second time', async t => {
  const { lines, port } = await serve(t, 60_000)
  const answers = await exchange(port, `FOO / HTTP/1.1\r\n\r\n${'x'.repeat(100_000)}${lastRequest}`)
  t.match(answers, [{ status: 400 }])
  t.equal(answers.length, 1)
  t.strictSame(lines, ['not a request'])
})

t.test('an answer to what is no request is not cut off: who is still sending is read for two seconds', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const { server, port } = await serve(t, 60_000, 60_000)
  const served = new Promise<Socket>(resolve => server.once('connection', resolve))
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => client.write('FOO / HTTP/1.1\r\n\r\n'))
  t.teardown(() => client.destroy())
  const socket = await served
  await judged(server)
  mock.timers.tick(1_999)
  t.equal(socket.writableEnded, true, 'it is answered')
  t.equal(socket.destroyed, false)
  mock.timers.tick(1)
  t.equal(socket.destroyed, true, 'and then let go, whether or not the other side ever is done')
})
