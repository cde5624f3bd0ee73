/**
 * The page at /lab, what only it may do, and the instances it plays with. None of these routes exists without `LAB=true`,
 * which a service that others can reach does not start with.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { Type } from '../src/base/schema.ts'
import { isNoOtherPage, isOurHost, isOurPage } from '../src/lab/guard.ts'
import type { Lab } from '../src/lab/lab.ts'
import { pagePolicy, readPageFiles } from '../src/lab/page-files.ts'
import type { Rules } from '../src/lab/rules.ts'

const word = <T extends string>(...words: T[]) => Type.Union(words.map(one => Type.Literal(one)))
const oneOf = word<Rules>('calm', 'strict')
const closed = { additionalProperties: false }
const daySeconds = 86_400

const bodies = {
  send: Type.Object(
    {
      rules: oneOf,
      lane: word('a', 'b', 'thief'),
      method: word('GET', 'POST'),
      path: Type.String({ pattern: '^(/[a-z-]+)+$', maxLength: 100 }),
      token: Type.Optional(Type.String({ maxLength: 8192 })),
      body: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      lose: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  clock: Type.Object({ seconds: Type.Integer({ minimum: 1, maximum: 100 * daySeconds }) }, closed),
  secret: Type.Object({ act: word('rotate', 'forget') }, closed),
  services: Type.Object({ rules: oneOf, token: Type.String({ maxLength: 8192 }) }, closed),
}

const plugin: FastifyPluginAsyncTypebox = async app => {
  if (!app.lab) return
  const lab: Lab = app.lab
  const schema = { hide: true }

  app.addHook('onRequest', async request => {
    if (!isOurHost(request.headers.host, portOf(request))) refuse('its Host is another name')
  })

  for (const { path, type, content } of await readPageFiles()) {
    app.get(`/lab${path}`, { schema }, (_request, reply) => {
      reply.type(type).header('content-security-policy', pagePolicy).send(content)
    })
  }

  const onRequest = async ({ headers }: FastifyRequest) => {
    if (!isOurPage(headers['sec-fetch-site'])) refuse('an act of the lab that its page did not ask for')
  }
  const act = <B>(body: B) => ({ onRequest, schema: { ...schema, body } })

  // What was sent to `memory:`, once everything due was sent: a mailbox without a mail server.
  app.post('/lab/mails', { schema }, async request => {
    if (!isNoOtherPage(request.headers['sec-fetch-site'])) refuse('another page asked for the mailbox')
    await app.mailer?.worker.drain()
    return { mails: app.mailing?.mailbox ?? [] }
  })

  app.post('/lab/restart', { onRequest, schema }, async () => ({ state: await lab.restart() }))
  app.post('/lab/state', { onRequest, schema }, async () => ({ state: await lab.snapshot() }))
  app.post('/lab/send', act(bodies.send), async ({ body }) => {
    const exchange = await lab.send(body)
    return { exchange, state: await lab.snapshot() }
  })
  app.post('/lab/clock', act(bodies.clock), async ({ body }) => {
    await lab.advance(body.seconds)
    return { state: await lab.snapshot() }
  })
  app.post('/lab/secret', act(bodies.secret), async ({ body }) => {
    await lab.changeSecret(body.act)
    return { state: await lab.snapshot() }
  })
  app.post('/lab/services', act(bodies.services), async ({ body }) => {
    const services = await lab.askServices(body.rules, body.token)
    return { services, state: await lab.snapshot() }
  })

  for (const rules of ['calm', 'strict'] as const) {
    app.all(`/lab/${rules}/*`, {
      schema,
      // Before anything reads the body: the instance does it all, by its own rules.
      onRequest: async (request, reply) => {
        if (!isNoOtherPage(request.headers['sec-fetch-site'])) refuse('another page asked an instance of the lab')
        const instance = await lab.instance(rules)
        reply.hijack()
        instance.routing(request.raw, reply.raw)
      },
      handler: async () => undefined,
    })
  }
}

function portOf({ socket, server }: FastifyRequest): number {
  return socket.localPort ?? server.config.port
}

function refuse(reason: string): never {
  throw new SignetError('cross_site', `refused at the lab: ${reason}`)
}

export default fp(plugin, { name: 'routes/lab', encapsulate: true })
