/** Mail as a signed request: what Standard Webhooks says of it, held to by hand. */
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { createWebhook } from '../../src/mail/webhook.ts'
import { movableClock } from '../helpers/clock.ts'
import { mailApp, memoryMail } from '../helpers/mail.ts'
import { waitUntil } from '../helpers/process.ts'

const message = {
  id: 'abcdefghijklmnopqrstuv',
  to: 'ana@example.com',
  subject: 'Hello',
  text: 'Hello — link',
  html: '<p>Hello</p>',
  purpose: 'reset',
  language: 'de',
  at: 1_700_000_000,
} as const
const never = new AbortController().signal

/** @param status 0: it never answers */
async function receiver(t: Test, status: number) {
  const requests: { headers: IncomingMessage['headers']; body: string; url: string | undefined }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    requests.push({ headers: request.headers, body, url: request.url })
    if (status) response.writeHead(status, { location: '/elsewhere' }).end('thank you')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mail`, requests }
}

t.test('a mail is signed JSON with an id of its own', async t => {
  const { url, requests } = await receiver(t, 200)
  const key = randomBytes(32)
  const clock = movableClock()
  await createWebhook({ kind: 'webhook', url, key }, clock).send(message, never)

  const [{ headers, body } = { headers: {} as IncomingMessage['headers'], body: '' }] = requests
  const { id, at, ...data } = message
  t.strictSame(JSON.parse(body), { type: 'mail', timestamp: new Date(at * 1000).toISOString(), data })
  t.equal(headers['content-type'], 'application/json')
  t.equal(headers['webhook-id'], `msg_${id}`)
  t.equal(headers['webhook-timestamp'], String(clock()))
  const signed = createHmac('sha256', key).update(`msg_${id}.${clock()}.${body}`).digest('base64')
  t.equal(headers['webhook-signature'], `v1,${signed}`)
})

t.test('whatever is no 2xx is tried again, and no redirect is followed with the links of a mail', async t => {
  for (const status of [301, 307, 400, 410, 500, 503]) {
    const { url, requests } = await receiver(t, status)
    const sending = createWebhook({ kind: 'webhook', url, key: randomBytes(24) }, movableClock()).send(message, never)
    await t.rejects(sending, { name: 'DeliveryError', isFinal: false, message: `status ${status}` })
    t.strictSame(
      requests.map(request => request.url),
      ['/mail'],
    )
  }
  const away = createWebhook({ kind: 'webhook', url: 'http://127.0.0.1:1/', key: randomBytes(24) }, movableClock())
  await t.rejects(away.send(message, never), { name: 'DeliveryError', isFinal: false, message: /^no answer/ })
})

t.test('a receiver that has not answered in time is waited for no longer', async t => {
  const overdue = new AbortController()
  const server = createServer((_, response) => {
    overdue.abort()
    response.end('too late')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mail`
  const sending = createWebhook({ kind: 'webhook', url, key: randomBytes(24) }, movableClock())
  await t.rejects(sending.send(message, overdue.signal), { isFinal: false, message: /^no answer/ })
})

t.test(
  'who takes a mail and never answers has a minute: nobody else sends it meanwhile',
  { timeout: 20_000 },
  async t => {
    const { url, requests } = await receiver(t, 0)
    const transport = { kind: 'webhook', url, key: randomBytes(24) } as const
    const { app, post, clock } = await mailApp(t, { mail: { ...memoryMail, transport } })
    await app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
    await post('/password/forgot', { username: 'maria' })
    mock.timers.enable({ apis: ['AbortSignal.timeout' as never] }) // its types do not know it yet
    t.teardown(() => mock.timers.reset())

    const drained = app.mailer?.worker.drain()
    await waitUntil(async () => requests.length === 1)
    clock.advance(60)
    t.strictSame(await app.stores.mails.claim(10, 60), [])
    mock.timers.tick(60_000)
    await drained
    const dueAt = clock() + 30
    t.match(await app.stores.mails.listUnsent({ limit: 10 }), [{ tries: 1, failure: /^no answer/, dueAt }])
  },
)
