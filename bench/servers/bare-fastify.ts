/** The ceiling of everything built on Fastify: one route, one schema, no hook. */
import Fastify from 'fastify'
import { Me, me } from './me.ts'
import { logging } from './one-line.ts'

const app = Fastify(logging)
app.get('/me', { schema: { response: { 200: Me } } }, (_request, reply) => {
  reply.send(me)
})
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
