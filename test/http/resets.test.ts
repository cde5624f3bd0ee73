/** A client that asks and is gone at once is no error of ours: no 500, no stack in the log. */
import { connect } from 'node:net'
import t from 'tap'
import { json } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { freePort } from '../helpers/process.ts'
import { exchange, lastRequest, request } from '../helpers/raw.ts'

const metricsPort = await freePort()
const { app, log, logIn } = await testApp(t, { metricsPort, loginLimitPerIp: 1000, registrationIsOpen: true })
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as { port: number }
const { access_token: token } = await logIn()

function resetAfter(to: number, bytes: string): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(to, '127.0.0.1', () => {
      socket.write(bytes)
      socket.resetAndDestroy()
    })
    socket.on('error', () => {}).on('close', () => resolve())
  })
}

const body = JSON.stringify({ username: 'maria', password: 'demo123' })
const post = (line: string, text: string, type = json) =>
  request(line, [`Content-Type: ${type}`, `Content-Length: ${text.length}`, `Authorization: Bearer ${token}`], text)

const asked: readonly [number, string][] = [
  [metricsPort, request('GET /metrics')],
  [metricsPort, request('GET /nowhere')],
  [port, request('GET /nowhere')],
  [port, request('GET /me', [`Authorization: Bearer ${token}`])],
  [port, request('GET /sessions', [`Authorization: Bearer ${token}`])],
  [port, post('POST /login', body)],
  [port, post('POST /login', body.slice(0, 10)).replace('Content-Length: 10', 'Content-Length: 99')],
  [port, post('POST /token', 'grant_type=password&username=maria&password=x', 'application/x-www-form-urlencoded')],
  [port, post('POST /register', body)],
  [port, post('PUT /me/password', '{"current_password":"demo123","new_password":"a long sentence"}')],
  [port, 'GET /me HTTP/1.1\r\nHost'],
]

t.test('a request that is followed by a reset leaves no error in the log', async t => {
  for (let round = 0; round < 10; round++) for (const [to, bytes] of asked) await resetAfter(to, bytes)
  await exchange(metricsPort, lastRequest)
  await exchange(port, lastRequest)
  for (const line of log) {
    const { level, msg, err } = JSON.parse(line)
    if (level >= 50 || err !== undefined) t.fail(`${msg}: ${line.slice(0, 400)}`)
  }
  t.ok(
    log.some(line => line.includes('"path":"/login"')),
    'they did arrive',
  )
})
