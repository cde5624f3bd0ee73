import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { SignetError } from '../src/base/errors.ts'
import { bodyCodes, problemsOfForm } from '../src/wire/problem-responses.ts'
import { invalidBody } from '../src/wire/request-body.ts'
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
              'invalid_credentials',
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
      if (isPasswordGrant(form)) {
        const { username = required('username'), password = required('password') } = form
        return scopedResponse(await app.tokens.logIn(username, password, request.client), form.scope)
      }
      if (form.grant_type !== 'refresh_token') {
        const detail = app.config.passwordForm ? 'must be password or refresh_token' : 'must be refresh_token'
        throw new SignetError('unsupported_grant_type', 'neither password (if PASSWORD_FORM is on) nor refresh_token', {
          mistakes: [{ pointer: '/grant_type', detail }],
        })
      }
      const tokens = await app.tokens.refresh(form.refresh_token ?? required('refresh_token'), request.client)
      reply.header('signet-refresh', tokens.cause)
      return scopedResponse(tokens, form.scope)
    },
  )

  function isPasswordGrant(form: TokenForm): boolean {
    return form.grant_type === 'password' && app.config.passwordForm
  }

  /** Refreshes prove themselves; only guesses of a password are counted. */
  async function limitPasswords(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (isPasswordGrant(request.body as TokenForm)) await app.limitLogins.call(app, request, reply)
  }
}

function required(field: string): never {
  throw invalidBody(`must have the field ${field}`)
}

export default plugin
