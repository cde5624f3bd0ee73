import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import type { Config } from '../src/config/config.ts'
import { bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { invalidBody } from '../src/wire/request-body.ts'
import { onlyOne } from '../src/wire/token-cookies.ts'
import { tokenResponse } from '../src/wire/token-response.ts'
import { OptionalRefreshBody, TokenOrCookieResponse } from '../src/wire/token-schemas.ts'

const needed = 'must be JSON with a refresh_token, sent with Content-Type: application/json, or a cookie must hold it'

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
          `${ruleOfOldTokens(app.config)} The refresh token comes in the body or in its cookie; the tokens return the same way.`,
        body: { content: { 'application/json': { schema: OptionalRefreshBody } } },
        response: {
          200: TokenOrCookieResponse,
          ...problems(
            ...bodyCodes,
            'refresh_token_required',
            'invalid_token',
            'token_expired',
            'token_revoked',
            'cross_site',
            'unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { refresh: cookie } = app.tokenCookies.read(request)
      const token = onlyOne((request.body as OptionalRefreshBody | undefined)?.refresh_token, cookie)
      if (token === undefined) throw invalidBody(needed)

      const tokens = await app.tokens.refresh(token, request.client)
      reply.header('signet-refresh', tokens.cause)
      return cookie === undefined ? tokenResponse(tokens) : app.tokenCookies.set(reply, tokens)
    },
  )
}

/** docs/refresh.md in two sentences, with the settings of this service. */
function ruleOfOldTokens({ refreshRaceWindowSeconds: seconds, refreshRetriesPerDay: retries }: Config): string {
  const within =
    `within ${seconds} s of the rotation (\`REFRESH_RACE_WINDOW\`), and ${retries} times in 24 h after that ` +
    '(`REFRESH_RETRIES_PER_DAY`), each time with its repeats in another window'
  const isStrict = seconds === 0 && retries === 0
  return isStrict
    ? 'A refresh token used before ends its session: 401 `Token revoked`.'
    : `The refresh token before the current one is answered with the current one ${within}. Any other use of an older refresh token ends its session: 401 \`Token revoked\`.`
}

export default fp(plugin, { name: 'routes/refresh', encapsulate: true })
