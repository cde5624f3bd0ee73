/** The notes of each user, and the page for them. Caddy is in front, asks Signet about every request, and says who it is. */
import { readFile } from 'node:fs/promises'
import Fastify from 'fastify'

const { PORT = '8081' } = process.env
const app = Fastify({ logger: true })

const notes = new Map() // until the process ends
const notesOf = ({ headers }) => notes.get(headers['x-auth-user-id']) ?? []

app.get('/api/notes', async request => notesOf(request))

const schema = {
  body: { type: 'object', required: ['text'], properties: { text: { type: 'string', maxLength: 200 } } },
}
app.post('/api/notes', { schema }, async (request, reply) => {
  notes.set(request.headers['x-auth-user-id'], [...notesOf(request), request.body.text])
  return reply.code(201).send({ text: request.body.text })
})

// What everybody may have: PUBLIC_PATHS names it to Caddy.
const page = { '/': ['page.html', 'text/html'], '/page.js': ['page.js', 'text/javascript'] }
for (const [path, [file, type]] of Object.entries(page)) {
  app.get(path, async (_request, reply) =>
    reply
      .header('content-security-policy', "default-src 'self'")
      .type(`${type}; charset=utf-8`)
      .send(await readFile(new URL(file, import.meta.url))),
  )
}
app.get('/signet-client/:file(^[a-z-]+\\.js$)', async ({ params }, reply) =>
  reply.type('text/javascript').send(await readFile(new URL(params.file, import.meta.resolve('signet-client')))),
)

// For Caddy alone: whoever reaches this port can say that he is somebody else.
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
