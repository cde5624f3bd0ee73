import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SignetError } from '../src/errors.ts'
import { problemsOfForm } from '../src/problem.ts'
import { Credentials, PasswordForm, TokenResponseRef } from '../src/tokens/token-schemas.ts'

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
          'JSON, or the OAuth 2.0 password form (first-party clients only). `username` may be the e-mail address.',
        body: {
          content: {
            'application/json': { schema: Credentials },
            'application/x-www-form-urlencoded': { schema: PasswordForm },
          },
        },
        response: { 200: TokenResponseRef, ...problemsOfForm(401, 413, 415, 429, 503) },
      },
    },
    async request => {
      const {
        username,
        password,
        grant_type: grantType,
      } = request.body as Credentials & Pick<PasswordForm, 'grant_type'>
      const isForm = request.mediaType !== 'application/json'
      if (isForm && (!app.config.passwordForm || (grantType ?? 'password') !== 'password')) {
        throw new SignetError('unsupported_grant_type', 'only the password grant, if PASSWORD_FORM is on')
      }
      return app.tokens.logIn(username, password, request.client)
    },
  )
}

export default plugin
