import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { SecondStepBody } from '../src/wire/factor-schemas.ts'
import { assertionOf } from '../src/wire/passkey-schemas.ts'
import { bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { invalidBody } from '../src/wire/request-body.ts'
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
        summary: 'The second step of a login: a code or a passkey for tokens',
        description:
          'The `challenge` is that of the 401 `second_factor_required` which the right password got; it is good for five ' +
          'minutes, five tries and one login. The `code` is that of the authenticator app, or a recovery code; ' +
          '`passkey` is what the browser gave for the `passkey` of the same 401.',
        body: SecondStepBody,
        response: {
          200: TokenOrCookieResponse,
          ...problems(
            ...bodyCodes,
            'invalid_code',
            'email_unverified',
            'cross_site',
            'too_many_attempts',
            'unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { challenge, code, passkey, mode } = request.body
      const given = passkey ? { passkey: assertionOf(passkey) } : { code: code ?? '' }
      if ((code === undefined) === (passkey === undefined)) throw invalidBody('must have a code or a passkey, not both')
      const isForCookies = mode === 'cookie'
      if (isForCookies) app.tokenCookies.requireOurPage(request)
      const tokens = await app.tokens.answerChallenge(challenge, given, request.client)
      return isForCookies ? app.tokenCookies.set(reply, tokens, 'login') : tokenResponse(tokens)
    },
  )
}

export default fp(plugin, { name: 'routes/second-factor', encapsulate: true })
