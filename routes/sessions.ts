import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { problems } from '../src/problem.ts'
import { lastUsedAt } from '../src/sessions/session.ts'
import type { Session } from '../src/stores/stores.ts'
import { authorized } from '../src/tokens/token-schemas.ts'

const moment = (description: string) => Type.String({ format: 'date-time', description })

const SessionItem = Type.Object({
  id: Type.String(),
  created_at: moment('login'),
  last_used_at: moment('the last refresh'),
  expires_at: moment('when it ends if it is not used'),
  ip: Type.Union([Type.String(), Type.Null()]),
  user_agent: Type.Union([Type.String(), Type.Null()]),
  current: Type.Boolean({ description: 'the session of the token that asks' }),
})

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/sessions',
    {
      onRequest: [app.authenticate],
      schema: {
        tags: ['Sessions'],
        operationId: 'listSessions',
        summary: 'Where am I logged in?',
        security: authorized,
        response: { 200: Type.Object({ sessions: Type.Array(SessionItem) }), ...problems(401, 503) },
      },
    },
    async ({ claims }) => {
      const sessions = await app.sessions.list(claims.sub)
      return { sessions: sessions.map(session => ({ ...itemOf(session), current: session.sid === claims.sid })) }
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
        response: { 204: Type.Null({ description: 'The session has ended' }), ...problems(401, 404, 503) },
      },
    },
    async (request, reply) => {
      await app.sessions.end(request.claims.sub, request.params.id, request.client)
      reply.code(204)
    },
  )
}

function itemOf(session: Session) {
  return {
    id: session.sid,
    created_at: isoTime(session.createdAt),
    last_used_at: isoTime(lastUsedAt(session)),
    expires_at: isoTime(session.expiresAt),
    ip: session.ip,
    user_agent: session.userAgent,
  }
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

export default plugin
