import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { Type } from '../src/base/schema.ts'
import { bodyCodes, problemsOfForm } from '../src/wire/problem-responses.ts'
import { PresentedToken, type PresentedTokenForm } from '../src/wire/token-schemas.ts'

const Introspection = Type.Object(
  {
    active: Type.Boolean(),
    iss: Type.Optional(Type.String()),
    aud: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
    sub: Type.Optional(Type.String()),
    client_id: Type.Optional(Type.String()),
    exp: Type.Optional(Type.Integer()),
    iat: Type.Optional(Type.Integer()),
    jti: Type.Optional(Type.String()),
    token_type: Type.Optional(Type.String()),
    username: Type.Optional(Type.String()),
    role: Type.Optional(Type.String()),
    scope: Type.Optional(Type.String({ description: 'the role' })),
    sid: Type.Optional(Type.String()),
    auth_time: Type.Optional(Type.Integer({ description: 'when the user last proved who they are (RFC 9470)' })),
    amr: Type.Optional(Type.Array(Type.String(), { description: 'by what (RFC 8176)' })),
  },
  { description: 'RFC 7662 section 2.2; everything but `active` only when the token is' },
)

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/introspect',
    {
      onRequest: [async request => void app.resourceServers.authenticate(request.headers.authorization)],
      schema: {
        tags: ['OAuth 2.0'],
        operationId: 'introspect',
        summary: 'Is this access token good? For the services in RESOURCE_SERVERS (RFC 7662)',
        security: [{ resourceServer: [] }],
        body: { content: { 'application/x-www-form-urlencoded': { schema: PresentedToken } } },
        response: {
          200: Introspection,
          ...problemsOfForm(
            ['invalid_request', 'invalid_client'],
            ...bodyCodes,
            'invalid_client',
            'enrolment_required',
            'unavailable',
          ),
        },
      },
    },
    async request => activeClaims((request.body as PresentedTokenForm).token) ?? { active: false },
  )

  /** Whatever is wrong with a token, the answer is the same (RFC 7662 section 2.2); only not knowing is an error. */
  function activeClaims(token: string) {
    try {
      const { email: _, email_verified: __, nbf: ___, token_type: ____, ...claims } = app.verifier.authenticate(token)
      return { active: true, ...claims, token_type: 'Bearer' }
    } catch (error) {
      if (error instanceof SignetError && error.status === 401) return undefined
      throw error
    }
  }
}

export default fp(plugin, { name: 'routes/introspect', encapsulate: true })
