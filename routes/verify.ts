import { METHODS } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { asThrown } from '../src/base/thrown.ts'
import type { TokenVerifier } from '../src/tokens/token-verifier.ts'
import { bearerToken } from '../src/wire/bearer.ts'
import { identityHeaders } from '../src/wire/identity-headers.ts'
import { problems, tokenCodes } from '../src/wire/problem-responses.ts'
import { requiredClaims } from '../src/wire/required-claims.ts'
import { authorized } from '../src/wire/token-schemas.ts'

/** A gateway asks here, whatever path it keeps Signet under. */
export const prefixOverride = ''

const plugin: FastifyPluginAsyncTypebox = async app => {
  const { tokenCookies } = app
  let verifier: TokenVerifier | undefined

  /** Answers before a body would be read: a gateway passes on any method, and any body is not for us. */
  function verify(request: FastifyRequest, reply: FastifyReply): void {
    const requireClaims = requiredClaims(request.query as Record<string, unknown>)
    const token = tokenCookies.readAtGateway(request) ?? bearerToken(request.headers.authorization)
    verifier ??= app.verifier
    const claims = verifier.authenticate(token)
    requireClaims(claims, app.clock())
    reply.headers(identityHeaders(claims)).send()
  }

  const schema = {
    tags: ['Gateway'],
    summary: 'Is this request allowed? For nginx auth_request, Caddy forward_auth and the like',
    description: 'Any method. Answers from memory: no database, no cookie, no rotation.',
    security: authorized,
    querystring: Type.Object(
      {
        role: Type.Optional(Type.String({ description: 'the role that is asked for; `a,b` means one of them' })),
        max_age: Type.Optional(Type.String({ description: 'how many seconds ago the login may have been at most' })),
        amr: Type.Optional(Type.String({ description: 'by what the login was proved, as in `mfa` (RFC 8176)' })),
      },
      { additionalProperties: false },
    ),
    response: {
      200: Type.Unsafe<''>({ type: 'null', description: 'Who is asking is in the `X-Auth-…` headers' }),
      ...problems(
        ...tokenCodes,
        'invalid_request',
        'fresh_login_required',
        'stronger_login_required',
        'admin_required',
        'role_required',
        'cross_site',
      ),
    },
  }
  const onRequest = [
    (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
      try {
        verify(request, reply)
      } catch (error) {
        done(asThrown(error))
      }
    },
  ]
  const handler = async () => ''

  // A gateway may ask with the method of the request: WebDAV, calendars and caches have their own.
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)

  // A preflight that CORS answers with 204 would be a yes to a gateway that asks with the method of the request.
  const config = { cors: false } as const
  app.route({ method: 'GET', url: '/verify', onRequest, config, schema: { ...schema, operationId: 'verify' }, handler })
  app.route({
    method: METHODS.filter(method => method !== 'GET' && method !== 'HEAD'),
    url: '/verify',
    onRequest,
    config,
    schema: { ...schema, hide: true },
    handler,
  })
}

export default fp(plugin, { name: 'routes/verify', encapsulate: true })
