import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { isoTime } from '../src/base/iso-time.ts'
import { lastUsedAt } from '../src/sessions/session.ts'
import type { Session, SessionPosition } from '../src/stores/stores.ts'
import { problems, tokenCodes } from '../src/wire/problem-responses.ts'
import { authorized } from '../src/wire/token-schemas.ts'

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
        summary: 'Where am I logged in? Newest first, page by page',
        security: authorized,
        querystring: Type.Object(
          {
            limit: Type.Optional(
              Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100; 50 when not given' }),
            ),
            after: Type.Optional(
              Type.String({ pattern: positionPattern, maxLength: 64, description: '`next` of the page before' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            sessions: Type.Array(SessionItem),
            next: Type.Union([Type.String(), Type.Null()], { description: 'for `after`; null on the last page' }),
          }),
          ...problems(...tokenCodes, 'invalid_request'),
        },
      },
    },
    async ({ claims, query }) => {
      const limit = Number(query.limit ?? 50)
      const found = await app.sessions.list(claims.sub, { limit: limit + 1, after: positionOf(query.after) })
      const page = found.slice(0, limit)
      const last = found.length > limit ? page.at(-1) : undefined
      return {
        sessions: page.map(session => ({ ...itemOf(session), current: session.sid === claims.sid })),
        next: last ? `${last.createdAt}.${last.sid}` : null,
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

/** The place of the last session of a page, which holds also when that one has ended meanwhile. */
const positionPattern = '^[0-9]{1,12}[.][A-Za-z0-9_-]{1,48}$'

function positionOf(after: string | undefined): SessionPosition | undefined {
  const [createdAt, sid] = after?.split('.') ?? []
  return sid === undefined ? undefined : { createdAt: Number(createdAt), sid }
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

export default plugin
