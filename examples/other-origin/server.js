/** Orders, and the page for them. Signet is elsewhere: its tokens are verified here, and its logouts heard of. */
import { readFile } from 'node:fs/promises'
import Fastify from 'fastify'
import signet from 'fastify-signet'

const { SIGNET_URL: url = 'http://localhost:3000', SIGNET_SECRET: secret, PORT = '4000' } = process.env
const app = Fastify({ logger: true })

await app.register(signet, { url, resourceServer: { id: 'orders', secret } })

const orders = [{ of: 'user-2', what: 'a kettle' }]
const onRequest = [app.authenticate]
app.get('/api/orders', { onRequest }, async ({ user }) => orders.filter(({ of }) => of === user.sub))
app.get('/api/orders/all', { onRequest: [...onRequest, app.requireRole('admin')] }, async () => orders)

const schema = {
  body: { type: 'object', required: ['what'], properties: { what: { type: 'string', maxLength: 200 } } },
}
app.post('/api/orders', { onRequest, schema }, async ({ user, body }, reply) => {
  orders.push({ of: user.sub, what: body.what })
  return reply.code(201).send(orders.at(-1))
})

app.get('/ready', async (_request, reply) => reply.code(app.signet.isReady() ? 200 : 503).send())
app.get('/settings.json', async () => ({ url }))

const page = { '/': ['page.html', 'text/html'], '/page.js': ['page.js', 'text/javascript'] }
for (const [path, [file, type]] of Object.entries(page)) {
  app.get(path, async (_request, reply) =>
    reply
      .header('content-security-policy', `default-src 'self'; connect-src 'self' ${url}`)
      .type(`${type}; charset=utf-8`)
      .send(await readFile(new URL(file, import.meta.url))),
  )
}
app.get('/signet-client/:file(^[a-z-]+\\.js$)', async ({ params }, reply) =>
  reply.type('text/javascript').send(await readFile(new URL(params.file, import.meta.resolve('signet-client')))),
)

await app.listen({ host: '127.0.0.1', port: Number(PORT) })
