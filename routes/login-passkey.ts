import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { assertionOf, PasskeyLoginBody, RequestOptions } from '../src/wire/passkey-schemas.ts'
import { bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { tokenResponse } from '../src/wire/token-response.ts'
import { TokenOrCookieResponse } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/login/passkey/options',
    {
      onRequest: [app.limitLogins],
      schema: {
        tags: ['Tokens'],
        operationId: 'startPasskeyLogin',
        summary: 'Begin a login with a passkey: what the browser is asked with',
        description:
          'Good for five minutes and one answer. The authenticator says whose it is, so no name is asked for.',
        response: { 200: RequestOptions, ...problems('too_many_attempts', 'unavailable') },
      },
    },
    () => app.tokens.passkeyOptions() as Promise<{ challenge: string }>,
  )

  app.post(
    '/login/passkey',
    {
      onRequest: [app.limitLogins],
      schema: {
        tags: ['Tokens'],
        operationId: 'passkeyLogin',
        summary: 'Log in with a passkey instead of a password',
        description:
          'The authenticator must have verified its user (a fingerprint, a PIN), so this counts as two factors. With ' +
          '`"mode": "cookie"` the tokens go into cookies; only our own pages may ask for that.',
        body: PasskeyLoginBody,
        response: {
          200: TokenOrCookieResponse,
          ...problems(
            ...bodyCodes,
            'invalid_code',
            'cross_site',
            'email_unverified',
            'too_many_attempts',
            'unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { response, mode } = request.body
      const isForCookies = mode === 'cookie'
      if (isForCookies) app.tokenCookies.requireOurPage(request)
      const tokens = await app.tokens.logInByPasskey(assertionOf(response), request.client)
      return isForCookies ? app.tokenCookies.set(reply, tokens, 'login') : tokenResponse(tokens)
    },
  )
}

export default fp(plugin, { name: 'routes/login-passkey', encapsulate: true })
