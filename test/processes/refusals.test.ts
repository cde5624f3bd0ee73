/** A refusal reaches whoever is still sending, from a server that is another process: here both would take turns. */
import { connect } from 'node:net'
import t from 'tap'
import { postJson, startServer } from '../helpers/process.ts'

const { url, port } = await startServer(t, { LOGIN_LIMIT_PER_IP: '1', LOG_LEVEL: 'silent' })
await postJson(`${url}/login`, {})
const runs = process.env['LONG'] ? 1_000 : 25

/** The statuses that came, and what came instead of one. */
async function seen(send: () => Promise<number>): Promise<unknown[]> {
  const all = new Set<unknown>()
  for (let run = 0; run < runs; run++) all.add(await send().catch((error: Error) => String(error.cause ?? error)))
  return [...all]
}

for (const [path, ...statuses] of [
  ['/token', 415],
  ['/register', 429],
  ['/login', 429],
  ['/logout/all', 401],
  ['/introspect', 401],
  ['/nowhere', 404, 429], // of which there is a limit too
  ['/%zz', 400],
] as const) {
  t.test(`Node's fetch sees the ${statuses[0]} of ${path}, however the body is sent`, async t => {
    for (const size of [10, 15_000, 60_000]) {
      const post = async (body: FormData | string) => {
        const answer = await fetch(url + path, { method: 'POST', body })
        await answer.text()
        return answer.status
      }
      const form = new FormData()
      form.set('grant_type', 'password')
      form.set('more', 'x'.repeat(size))
      for (const one of await seen(() => post(form)))
        t.ok(statuses.includes(one as never), `${size} bytes in parts: ${one}`)
      for (const one of await seen(() => post('x'.repeat(size))))
        t.ok(statuses.includes(one as never), `${size} bytes as a whole: ${one}`)
    }
  })
}

t.test('a body over 16 KiB is 413 to whoever goes on sending it', async t => {
  const post = async () => {
    const body = `{"refresh_token":"${'x'.repeat(60_000)}"}`
    const answer = await fetch(`${url}/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await answer.text()
    return answer.status
  }
  t.strictSame(await seen(post), [413])
})

t.test('bytes that are no request are answered, although more of them come', async t => {
  const send = (bytes: string) =>
    new Promise<number>((resolve, reject) => {
      let answer = ''
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(bytes)
        setImmediate(() => socket.write('a'.repeat(30_000)))
      })
      socket
        .on('data', chunk => (answer += chunk))
        .on('error', reject)
        .on('close', () => resolve(Number(answer.split(' ')[1])))
    })
  t.strictSame(await seen(() => send(`GET / HTTP/1.1\r\nX: ${'a'.repeat(30_000)}`)), [431])
  t.strictSame(await seen(() => send('no request at all\r\n')), [400])
})
