/** The bare route behind `fastify-signet`, which follows the feed of the Signet at `SIGNET_URL`. */
import { join } from 'node:path'
import Fastify, { type FastifyPluginAsync, type onRequestHookHandler } from 'fastify'
import { root } from '../run/root.ts'
import { Me, me } from './me.ts'
import { logging } from './one-line.ts'

// By its address, because its types say of `request.user` something else than @fastify/jwt's, which Signet has.
const path = join(root, 'clients', 'fastify-signet', 'src', 'index.ts')
const { signet } = (await import(path)) as { signet: FastifyPluginAsync<{ url: string; resourceServer: object }> }

const app = Fastify(logging)
const resourceServer = { id: 'bench', secret: process.env['SECRET'] ?? '' }
await app.register(signet, { url: process.env['SIGNET_URL'] ?? '', resourceServer })
const { authenticate } = app as unknown as { authenticate: onRequestHookHandler }
app.get('/me', { schema: { response: { 200: Me } }, onRequest: [authenticate] }, (_request, reply) => {
  reply.send(me)
})
app.get('/health/live', async () => ({ status: 'live' }))
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
