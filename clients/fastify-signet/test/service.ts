/** A service in a process of its own: `service.ts URL ID SECRET`. It prints its address. */
import Fastify from 'fastify'
import signet from '../src/index.ts'

const [url = '', id = '', secret = ''] = process.argv.slice(2)
const app = Fastify()
await app.register(signet, { url, resourceServer: { id, secret } })
app.get('/orders', { onRequest: [app.authenticate] }, async ({ user }) => ({ of: user.sub }))
await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(JSON.stringify(app.server.address()))
