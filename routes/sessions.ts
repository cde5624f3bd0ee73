import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { Limit, limitOf, Next } from '../src/wire/paging.ts'
import { problems, tokenCodes } from '../src/wire/problem-responses.ts'
import { PositionText, positionText, readPosition, SessionItem, sessionItem } from '../src/wire/session-schemas.ts'
import { authorized } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/sessions',
    {
      onRequest: [app.authenticate],
      schema: {
        tags: ['Sessions'],
        operationId: 'listSessions',
        summary: 'Where am I logged in? Newest first, page by page',
        security: authorized,
        querystring: Type.Object({ limit: Limit, after: Type.Optional(PositionText) }, { additionalProperties: false }),
        response: {
          200: Type.Object({ sessions: Type.Array(SessionItem), next: Next }),
          ...problems(...tokenCodes, 'invalid_request'),
        },
      },
    },
    async ({ claims, query }) => {
      const wanted = { limit: limitOf(query), after: readPosition(query.after) }
      const { items, next } = await app.sessions.list(claims.sub, wanted)
      return {
        sessions: items.map(session => sessionItem(session, claims.sid)),
        next: next ? positionText(next) : null,
      }
    },
  )

  app.delete(
    '/sessions/:id',
    {
      onRequest: [app.authenticate],
      schema: {
        tags: ['Sessions'],
        operationId: 'endSession',
        summary: 'End one session of mine',
        security: authorized,
        params: Type.Object({ id: Type.String() }),
        response: {
          204: Type.Null({ description: 'The session has ended' }),
          ...problems(...tokenCodes, 'cross_site', 'not_found'),
        },
      },
    },
    async (request, reply) => {
      await app.sessions.end(request.claims.sub, request.params.id, request.client)
      reply.code(204)
    },
  )
}

export default fp(plugin, { name: 'routes/sessions', encapsulate: true })
