import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../src/wire/problem.ts'
import { invalidBody } from '../src/wire/request-body.ts'
import { onlyOne } from '../src/wire/token-cookies.ts'
import { tokenResponse } from '../src/wire/token-response.ts'
import { RefreshBody, TokenOrCookieResponse } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/refresh',
    {
      config: { bodyIsOptional: true },
      schema: {
        tags: ['Tokens'],
        operationId: 'refresh',
        summary: 'Refresh: a refresh token for a new access token and a new refresh token',
        description:
          'The `Signet-Refresh` header says why tokens were given: `rotated`, `repeated`, `retried` or `recovered`. ' +
          'A refresh token used before ends its whole session. The refresh token comes in the body or in its cookie; ' +
          'the new ones return the same way.',
        body: { content: { 'application/json': { schema: RefreshBody } } },
        response: { 200: TokenOrCookieResponse, ...problems(400, 401, 403, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const { refresh: cookie } = app.tokenCookies.read(request)
      const token = onlyOne((request.body as RefreshBody | undefined)?.refresh_token, cookie)
      if (token === undefined) throw invalidBody('is required')

      const tokens = await app.tokens.refresh(token, request.client)
      reply.header('signet-refresh', tokens.cause)
      return cookie === undefined ? tokenResponse(tokens) : app.tokenCookies.set(reply, tokens)
    },
  )
}

export default plugin
