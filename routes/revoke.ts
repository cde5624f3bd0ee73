import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { bodyCodes, problemsOfForm } from '../src/wire/problem-responses.ts'
import { PresentedToken, type PresentedTokenForm } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/revoke',
    {
      schema: {
        tags: ['OAuth 2.0'],
        operationId: 'revoke',
        summary: 'End the session of a token (RFC 7009)',
        description: 'Any token of ours will do, of either type, expired ones too. Holding it is proof enough.',
        body: { content: { 'application/x-www-form-urlencoded': { schema: PresentedToken } } },
        response: {
          200: Type.Object({}, { description: 'The token is good for nothing, if it ever was good for something' }),
          ...problemsOfForm(['invalid_request'], ...bodyCodes, 'unavailable'),
        },
      },
    },
    async request => {
      // An invalid token is no error: what the client wants has been reached already (RFC 7009 section 2.2).
      const token = app.verifier.findAuthentic((request.body as PresentedTokenForm).token)
      if (token) await app.sessions.logOut(token, request.client)
      return {} // some clients read JSON whatever the standard says, which leaves it open
    },
  )
}

export default fp(plugin, { name: 'routes/revoke', encapsulate: true })
