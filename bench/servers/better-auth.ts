/** better-auth as its README sets it up, with SQLite: `get-session` says who is asking. Its cookies are printed once it listens. */
import { randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { DatabaseSync } from 'node:sqlite'

// Installed by hand: no types here, and none of its own promises are ours to check.
const [ours, node, migration] = ['better-auth', 'better-auth/node', 'better-auth/db/migration']
const { betterAuth } = await import(ours ?? '')
const { toNodeHandler } = await import(node ?? '')
const { getMigrations } = await import(migration ?? '')

const origin = `http://127.0.0.1:${process.env['PORT']}`
const options = {
  baseURL: origin,
  secret: randomBytes(32).toString('base64url'),
  database: new DatabaseSync(':memory:'),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false }, // the whole load comes from one address
  telemetry: { enabled: false },
  ...(process.env['COOKIE_CACHE'] && { session: { cookieCache: { enabled: true, maxAge: 86_400 } } }),
}
const { runMigrations } = await getMigrations(options)
await runMigrations()
const handle: RequestListener = toNodeHandler(betterAuth(options))
const server = createServer((request, reply) =>
  request.url === '/cookie' ? reply.end(cookie) : handle(request, reply),
)
let cookie = ''
server.listen(Number(process.env['PORT']), '127.0.0.1')

const answer = await fetch(`${origin}/api/auth/sign-up/email`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', origin },
  body: JSON.stringify({ name: 'maria', email: 'maria@example.com', password: randomBytes(12).toString('hex') }),
})
cookie = answer.headers
  .getSetCookie()
  .map(one => one.slice(0, one.indexOf(';')))
  .join('; ')
