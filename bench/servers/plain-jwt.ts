/** `@fastify/jwt` as its README shows it and most people write it: verify in a hook, every time. */
import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import { Me, me } from './me.ts'
import { logging } from './one-line.ts'

const app = Fastify(logging)
await app.register(fastifyJwt, { secret: process.env['JWT_SECRET_KEY'] ?? '' })
app.get(
  '/me',
  {
    onRequest: async request => {
      await request.jwtVerify()
    },
    schema: { response: { 200: Me } },
  },
  async request => {
    const { sub, username, email, role } = request.user as Record<string, string>
    return { user_id: sub, username, email, role, message: me.message }
  },
)
app.get('/health/live', async () => ({ status: 'live' }))
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
