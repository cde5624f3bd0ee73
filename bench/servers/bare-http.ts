/** The floor: Node's own server and one answer. */
import { createServer } from 'node:http'
import Fastify, { type FastifyReply } from 'fastify'
import { Me, me } from './me.ts'

const serialize = await serializer()

createServer((_request, response) => {
  const body = serialize(me)
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}).listen(Number(process.env['PORT']), '127.0.0.1')

/** Borrowed from a Fastify that never listens, so that both serialize alike. */
async function serializer(): Promise<(value: Record<string, unknown>) => string> {
  const app = Fastify()
  let compiled: ReturnType<FastifyReply['compileSerializationSchema']> | undefined
  app.get('/', (_request, reply) => {
    compiled = reply.compileSerializationSchema(Me)
    return ''
  })
  await app.inject('/')
  return value => compiled?.(value) ?? ''
}
