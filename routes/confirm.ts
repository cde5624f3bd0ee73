import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { ConfirmBody } from '../src/wire/account-schemas.ts'
import { saysBearer } from '../src/wire/bearer.ts'
import { bodyCodes, problems, tokenCodes } from '../src/wire/problem-responses.ts'
import { accessResponse } from '../src/wire/token-response.ts'
import { AccessResponse, authorized, CookieResponse } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  // RFC 9470: the answer to insufficient_user_authentication, without a new login.
  app.post(
    '/me/confirm',
    {
      onRequest: [app.limitLogins, app.authenticate],
      schema: {
        tags: ['Tokens'],
        operationId: 'confirm',
        summary: 'Confirm who I am: the password for a fresh access token',
        description:
          'For what asks for a recent login (401 `fresh_login_required`). `auth_time` and `amr` of the session become those of ' +
          'this act. The refresh token stays as it is. By cookie the token goes into the access cookie.',
        security: authorized,
        body: ConfirmBody,
        response: {
          200: Type.Union([AccessResponse, CookieResponse], {
            description: 'An access token, in cookie mode by `Set-Cookie`',
          }),
          ...problems(
            ...tokenCodes,
            ...bodyCodes,
            'invalid_credentials',
            'cross_site',
            'too_many_attempts',
            'overloaded',
          ),
        },
      },
    },
    async (request, reply) => {
      const { claims, body, client, headers } = request
      const issued = await app.stepUp.byPassword(claims, body.current_password, client)
      return saysBearer(headers.authorization) ? accessResponse(issued) : app.tokenCookies.setAccess(reply, issued)
    },
  )
}

export default plugin
