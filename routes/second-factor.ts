import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SecondStepBody } from '../src/wire/factor-schemas.ts'
import { bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { tokenResponse } from '../src/wire/token-response.ts'
import { TokenOrCookieResponse } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/login/second-factor',
    {
      onRequest: [app.limitLogins],
      schema: {
        tags: ['Tokens'],
        operationId: 'secondFactor',
        summary: 'The second step of a login: a code for tokens',
        description:
          'The `challenge` is that of the 401 `second_factor_required` which the right password got; it is good for five ' +
          'minutes, five tries and one login. The `code` is that of the authenticator app, or a recovery code.',
        body: SecondStepBody,
        response: {
          200: TokenOrCookieResponse,
          ...problems(...bodyCodes, 'invalid_code', 'cross_site', 'too_many_attempts', 'unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { challenge, code, mode } = request.body
      const isForCookies = mode === 'cookie'
      if (isForCookies) app.tokenCookies.requireOurPage(request)
      const tokens = await app.tokens.answerChallenge(challenge, code, request.client)
      return isForCookies ? app.tokenCookies.set(reply, tokens, 'login') : tokenResponse(tokens)
    },
  )
}

export default plugin
