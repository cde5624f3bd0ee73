/** What a stop does to requests that had begun before it. (A whole process: test/processes/races.test.ts) */
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { memoryMail } from '../helpers/mail-settings.ts'
import { waitUntil } from '../helpers/process.ts'

t.test('a request of which half had come before the stop is answered as ever', async t => {
  const { app, logIn } = await testApp(t)
  const { access_token: token } = await logIn()
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  let bytesCome = () => 0
  app.server.on('connection', server => {
    bytesCome = () => server.bytesRead
  })
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let answer = ''
  socket.on('data', chunk => (answer += chunk))
  socket.write(`GET /me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`)
  await waitUntil(async () => bytesCome() > 60)

  const closed = app.close()
  await new Promise(setImmediate)
  socket.write('\r\n')
  await waitUntil(async () => answer.includes('\r\n\r\n'))
  t.match(answer, /^HTTP\/1\.1 200 OK/)
  await closed
})

t.test('a connection whose request is answered after the stop began holds it up no longer', async t => {
  const { app } = await testApp(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let answer = ''
  socket.on('data', chunk => (answer += chunk))
  const body = '{"username":"maria","password":"demo123"}'
  const headers = ['Host: x', 'Content-Type: application/json', `Content-Length: ${body.length}`]
  const begun = once(app.server, 'request')
  socket.write(`${['POST /login HTTP/1.1', ...headers].join('\r\n')}\r\n\r\n{`)
  await begun

  let isOver = false
  const closed = app.close().then(() => (isOver = true))
  await new Promise(setImmediate)
  socket.write(body.slice(1))
  await waitUntil(async () => answer.includes('\r\n\r\n'))
  t.match(answer, /^HTTP\/1\.1 200 OK/)
  await waitUntil(async () => isOver) // of the 65 seconds that it would rest
  await closed
})

t.test('a stop closes what the service had opened: threads, the sending of mails, the database', async t => {
  const { app } = await testApp(t, { hashThreads: 1, mail: memoryMail })
  const closed: string[] = []
  const parts = { threads: app.hasher, mails: app.mailer?.worker ?? {}, database: app.stores }
  for (const [name, part] of Object.entries(parts)) {
    const { close } = part as { close(): Promise<void> }
    Object.assign(part, {
      close() {
        closed.push(name)
        return close()
      },
    })
  }
  await app.close()
  t.strictSame(closed.toSorted(), ['database', 'mails', 'threads'])
})
