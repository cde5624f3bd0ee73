import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { SignetError } from '../src/base/errors.ts'
import type { AuthenticToken } from '../src/tokens/token-verifier.ts'
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
      const token = readOrUndefined((request.body as PresentedTokenForm).token)
      if (token) await app.sessions.logOut(token, request.client)
      return {} // some clients read JSON whatever the standard says, which leaves it open
    },
  )

  /** RFC 7009 section 2.2: an invalid token is no error, because what the client wants has been reached already. */
  function readOrUndefined(token: string): AuthenticToken | undefined {
    try {
      return app.verifier.readAuthentic(token)
    } catch (error) {
      if (error instanceof SignetError && error.code === 'invalid_token') return undefined
      throw error
    }
  }
}

export default plugin
