import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isPasswordGrant, readGrant } from '../src/wire/grants.ts'
import { bodyCodes, problemsOfForm } from '../src/wire/problem-responses.ts'
import { scopedResponse } from '../src/wire/token-response.ts'
import { TokenForm, TokenResponseRef } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  // RFC 6749 section 3.2
  app.post(
    '/token',
    {
      preHandler: [limitPasswords],
      schema: {
        tags: ['OAuth 2.0'],
        operationId: 'token',
        summary: 'The token endpoint of RFC 6749: form in, tokens out',
        description:
          '`grant_type` is `password` (first-party clients only) or `refresh_token`. Other fields are ignored: the `scope` ' +
          'is the role, whatever is asked for.',
        body: { content: { 'application/x-www-form-urlencoded': { schema: TokenForm } } },
        response: {
          200: TokenResponseRef,
          ...problemsOfForm(
            [
              'invalid_request',
              'unsupported_grant_type',
              'mfa_required',
              'invalid_credentials',
              'invalid_code',
              'email_unverified',
              'refresh_token_required',
              'invalid_token',
              'token_expired',
              'token_revoked',
            ],
            ...bodyCodes,
            'too_many_attempts',
            'overloaded',
            'unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const form = request.body as TokenForm
      const grant = readGrant(form, app.config.passwordForm)
      if (grant.type === 'password') {
        return scopedResponse(await app.tokens.logIn(grant, request.client, 'onlyWhole'), form.scope)
      }
      const tokens = await app.tokens.refresh(grant.refreshToken, request.client)
      reply.header('signet-refresh', tokens.cause)
      return scopedResponse(tokens, form.scope)
    },
  )

  /** Refreshes prove themselves; only guesses of a password are counted. */
  async function limitPasswords(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (isPasswordGrant(request.body as TokenForm, app.config.passwordForm)) {
      await app.limitLogins.call(app, request, reply)
    }
  }
}

export default fp(plugin, { name: 'routes/token', encapsulate: true })
