import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import type { Client } from '../src/base/client.ts'
import { Type } from '../src/base/schema.ts'
import type { AccessClaims } from '../src/tokens/access-token.ts'
import { ConfirmBody } from '../src/wire/account-schemas.ts'
import { saysBearer } from '../src/wire/bearer.ts'
import { assertionOf, RequestOptions } from '../src/wire/passkey-schemas.ts'
import { anyTokenCodes, bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { accessResponse } from '../src/wire/token-response.ts'
import { AccessResponse, authorized, CookieResponse } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  // RFC 9470: the answer to insufficient_user_authentication, without a new login.
  app.post(
    '/me/confirm',
    {
      onRequest: [app.limitLogins, app.authenticateToEnrol],
      schema: {
        tags: ['Tokens'],
        operationId: 'confirm',
        summary: 'Confirm who I am: the password, or a second factor, for a fresh access token',
        description:
          'For what asks for a recent or a stronger login (401 `fresh_login_required`, `stronger_login_required`). Who has a second ' +
          'factor shows that, not the password. `auth_time` and `amr` of the session become those of ' +
          'this act. The refresh token stays as it is. By cookie the token goes into the access cookie.',
        security: authorized,
        body: ConfirmBody,
        response: {
          200: Type.Union([AccessResponse, CookieResponse], {
            description: 'An access token, in cookie mode by `Set-Cookie`',
          }),
          ...problems(
            ...anyTokenCodes,
            ...bodyCodes,
            'invalid_credentials',
            'second_factor_required',
            'invalid_code',
            'cross_site',
            'too_many_attempts',
            'overloaded',
          ),
        },
      },
    },
    async (request, reply) => {
      const issued = await confirm(request)
      const isByCookie = !saysBearer(request.headers.authorization)
      return isByCookie ? app.tokenCookies.setAccess(reply, issued) : accessResponse(issued)
    },
  )

  function confirm({ claims, body, client }: { claims: AccessClaims; body: ConfirmBody; client: Client }) {
    if (body.passkey) return app.stepUp.byPasskey(claims, assertionOf(body.passkey), client)
    if (body.code !== undefined) return app.stepUp.byCode(claims, body.code, client)
    return app.stepUp.byPassword(claims, body.current_password ?? '', client)
  }

  app.post(
    '/me/confirm/options',
    {
      onRequest: [app.limitLogins, app.authenticateToEnrol], // each is a row for five minutes
      schema: {
        tags: ['Tokens'],
        operationId: 'startConfirm',
        summary: 'Begin to confirm by a passkey: what the browser is asked with',
        description: 'Good for five minutes and one answer, in this session.',
        security: authorized,
        response: {
          200: RequestOptions,
          ...problems(...anyTokenCodes, 'cross_site', 'not_found', 'too_many_attempts'),
        },
      },
    },
    ({ claims }) => app.stepUp.passkeyOptions(claims) as Promise<{ challenge: string }>,
  )
}

export default fp(plugin, { name: 'routes/confirm', encapsulate: true })
