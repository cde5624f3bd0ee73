import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { Type } from '../src/base/schema.ts'
import type { AuthenticToken } from '../src/tokens/token-verifier.ts'
import { findBearerToken, saysBearer } from '../src/wire/bearer.ts'
import { anyTokenCodes, bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { onlyOne } from '../src/wire/token-cookies.ts'
import { authorized, OptionalRefreshBody } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/logout',
    {
      config: { bodyIsOptional: true },
      schema: {
        tags: ['Sessions'],
        operationId: 'logout',
        summary: 'Log out: end this session',
        description:
          'By the access token, by the refresh token in the body, or by a cookie. Any token of ours will do, expired ones ' +
          'too; two are of one session. Cookies are removed.',
        security: [...authorized, {}],
        body: { content: { 'application/json': { schema: OptionalRefreshBody } } },
        response: {
          204: Type.Null({ description: 'The session has ended' }),
          ...problems(...bodyCodes, 'missing_token', 'invalid_token', 'cross_site', 'unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { refresh, access } = app.tokenCookies.read(request)
      const isByCookie = refresh !== undefined || access !== undefined
      const { authorization } = request.headers
      const inBody = (request.body as OptionalRefreshBody | undefined)?.refresh_token
      onlyOne(inBody, refresh ?? access)
      const presented = [inBody, findBearerToken(authorization), refresh, access].filter(token => token !== undefined)

      try {
        await app.sessions.logOut(authenticOf(presented, isByCookie), request.client)
      } catch (error) {
        if (isByCookie && isNoTokenOfOurs(error)) app.tokenCookies.clear(reply) // it is no use, and no script could remove it
        throw error
      }
      if (isByCookie) app.tokenCookies.clear(reply) // only now: until the session has ended, this must be possible again
      reply.code(204)
    },
  )

  app.post(
    '/logout/all',
    {
      onRequest: [app.authenticateToEnrol],
      schema: {
        tags: ['Sessions'],
        operationId: 'logoutAll',
        summary: 'Log out everywhere: end every session of mine',
        security: authorized,
        response: { 200: Type.Object({ sessions_ended: Type.Integer() }), ...problems(...anyTokenCodes, 'cross_site') },
      },
    },
    async (request, reply) => {
      const sessionsEnded = await app.sessions.logOutAll(request.claims.sub, request.client)
      if (!saysBearer(request.headers.authorization)) app.tokenCookies.clear(reply)
      return { sessions_ended: sessionsEnded }
    },
  )

  /** A broken token must not hide the good one beside it. */
  function authenticOf(presented: readonly string[], areCookies: boolean): AuthenticToken {
    if (presented.length === 0) throw new SignetError('missing_token', 'no token was presented')
    const [first, ...others] = presented.flatMap(token => app.verifier.findAuthentic(token) ?? [])
    if (!first) throw new SignetError('invalid_token', 'none of the tokens is one of ours')
    // Of two cookies none was chosen by the client, which could not take one away either.
    if (!areCookies && others.some(({ claims }) => claims.sid !== first.claims.sid)) {
      const detail = 'must be of the same session as the token in the Authorization header'
      throw new SignetError('invalid_request', 'tokens of two sessions', {
        mistakes: [{ pointer: '/refresh_token', detail }],
      })
    }
    return first
  }
}

const isNoTokenOfOurs = (error: unknown) => error instanceof SignetError && error.code === 'invalid_token'

export default fp(plugin, { name: 'routes/logout', encapsulate: true })
