import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../src/problem.ts'
import { RefreshBody, TokenResponseRef } from '../src/tokens/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/refresh',
    {
      schema: {
        tags: ['Tokens'],
        operationId: 'refresh',
        summary: 'Refresh: a refresh token for a new access token and a new refresh token',
        description:
          'The `Signet-Refresh` header says why tokens were given: `rotated`, `repeated`, `retried` or `recovered`. ' +
          'A refresh token used before ends its whole session.',
        body: RefreshBody,
        response: { 200: TokenResponseRef, ...problems(400, 401, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const { cause, tokens } = await app.tokens.refresh(request.body.refresh_token, request.client)
      reply.header('signet-refresh', cause)
      return tokens
    },
  )
}

export default plugin
