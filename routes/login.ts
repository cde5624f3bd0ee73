import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { readLogin } from '../src/wire/grants.ts'
import { bodyCodes, problemsOfForm } from '../src/wire/problem-responses.ts'
import { tokenResponse } from '../src/wire/token-response.ts'
import { Credentials, PasswordForm, TokenOrCookieResponse } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/login',
    {
      onRequest: [app.limitLogins],
      schema: {
        tags: ['Tokens'],
        operationId: 'login',
        summary: 'Log in: a password for an access token and a refresh token',
        description:
          'JSON, or the OAuth 2.0 password form (first-party clients only). `username` may be the e-mail address. ' +
          'With `"mode": "cookie"` (JSON only) the tokens go into cookies; only our own pages may ask for that. ' +
          'Who has a second factor gets 401 with a `challenge` for `POST /login/second-factor`, or sends its `code` along ' +
          '(`otp` in a form). ' +
          'With `device` (JSON only, or by itself in cookie mode) strangers who guess cannot keep the owner waiting.',
        body: {
          content: {
            'application/json': { schema: Credentials },
            'application/x-www-form-urlencoded': { schema: PasswordForm },
          },
        },
        response: {
          200: TokenOrCookieResponse,
          ...problemsOfForm(
            [
              'invalid_request',
              'unsupported_grant_type',
              'mfa_required',
              'invalid_credentials',
              'invalid_code',
              'email_unverified',
            ],
            ...bodyCodes,
            'invalid_credentials',
            'second_factor_required',
            'invalid_code',
            'email_unverified',
            'cross_site',
            'too_many_attempts',
            'overloaded',
            'unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const asked = readLogin(request as typeof request & { body: Credentials }, app.config.passwordForm)
      // A login is guarded too: else another site could log its visitors in, into an account of its own.
      if (asked.isForCookies) app.tokenCookies.requireOurPage(request)
      const isForm = request.mediaType !== 'application/json'
      const tokens = await app.tokens.logIn(asked, request.client, isForm ? 'onlyWhole' : undefined)
      return asked.isForCookies ? app.tokenCookies.set(reply, tokens, 'login') : tokenResponse(tokens)
    },
  )
}

export default fp(plugin, { name: 'routes/login', encapsulate: true })
