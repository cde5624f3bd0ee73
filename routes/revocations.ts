import { createHash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { hasVersion } from '../src/wire/if-none-match.ts'
import { problems } from '../src/wire/problem-responses.ts'

const Feed = Type.Object(
  {
    now: Type.Integer({ description: "when this was known, by the database's clock; it moves every second" }),
    cursor: Type.String({ description: 'for `since`; the same on every instance, and while nothing happens' }),
    revoked: Type.Array(
      Type.Object({ sid: Type.String(), revoked_at: Type.Integer({ description: 'seconds since the epoch' }) }),
      { description: 'refuse the access tokens of these sessions; some are told more than once' },
    ),
    more: Type.Boolean({ description: 'ask on with `cursor` at once' }),
  },
  { $id: 'Revocations' },
)

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/revocations',
    {
      onRequest: [async request => void app.resourceServers.authenticate(request.headers.authorization)],
      schema: {
        tags: ['OAuth 2.0'],
        operationId: 'revocations',
        summary: 'Which sessions ended? For the services in RESOURCE_SERVERS that verify access tokens by themselves',
        description: 'Answers from memory: ask every second, with `If-None-Match`.',
        security: [{ resourceServer: [] }],
        querystring: Type.Object(
          {
            since: Type.Optional(Type.String({ description: 'the last `cursor`; without it, all that is kept' })),
            limit: Type.Optional(
              Type.String({
                pattern: '^([1-9][0-9]{0,2}|1000)$',
                description: 'how many at most: 1 to 1000, which is the default',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Feed,
          304: Type.Null({ description: 'Nothing has happened, and what you have is not older than 10 seconds' }),
          ...problems('invalid_request', 'invalid_client', 'cursor_unknown', 'unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { since, limit } = request.query
      const { now, cursor, ended, more } = app.revocations.page(since, Number(limit ?? 1000))
      // Of all but `now`. A transaction may commit late and change what comes before the cursor, so that alone will not do.
      const sids = ended.map(({ sid }) => sid).join()
      const etag = `"${createHash('sha256').update(`${cursor} ${sids}`).digest('base64url').slice(0, 22)}"`
      reply.header('etag', etag)
      // A 304 has no `now`: it is for a list that is fresh, so that whoever gets one knows that.
      const isKnown = hasVersion(request.headers['if-none-match'], etag) && app.revocations.isFresh()
      if (isKnown) return reply.code(304).send(null)
      return { now, cursor, revoked: ended.map(({ sid, moment }) => ({ sid, revoked_at: moment })), more }
    },
  )
}

export default fp(plugin, { name: 'routes/revocations', encapsulate: true })
