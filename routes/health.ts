import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { problems } from '../src/wire/problem-responses.ts'

const Health = Type.Object({ status: Type.String() })

/** For whatever runs this service, which knows no path of a gateway. */
export const prefixOverride = ''

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/health/live',
    {
      schema: {
        tags: ['Operation'],
        operationId: 'live',
        summary: 'Is the process alive?',
        response: { 200: Health, ...problems() },
      },
    },
    (_request, reply) => {
      reply.send({ status: 'live' })
    },
  )

  app.get(
    '/health/ready',
    {
      schema: {
        tags: ['Operation'],
        operationId: 'ready',
        summary: 'Should traffic come here? Asks the database',
        response: { 200: Health, ...problems('unavailable') },
      },
    },
    async () => {
      await app.readiness.check()
      return { status: 'ready' }
    },
  )
}

export default fp(plugin, { name: 'routes/health', encapsulate: true })
