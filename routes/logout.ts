import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { SignetError } from '../src/base/errors.ts'
import type { AuthenticToken } from '../src/tokens/token-verifier.ts'
import { bearerToken } from '../src/wire/bearer.ts'
import { bodyCodes, problems, tokenCodes } from '../src/wire/problem-responses.ts'
import { onlyOne } from '../src/wire/token-cookies.ts'
import { authorized, RefreshBody } from '../src/wire/token-schemas.ts'

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
          'too. Cookies are removed.',
        security: [...authorized, {}],
        body: { content: { 'application/json': { schema: RefreshBody } } },
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
      const body = authorization === undefined ? (request.body as RefreshBody | undefined) : undefined
      const given = onlyOne(body?.refresh_token, refresh ?? access) ?? bearerToken(authorization)

      try {
        await app.sessions.logOut(authenticOf(given, access), request.client)
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
      onRequest: [app.authenticate],
      schema: {
        tags: ['Sessions'],
        operationId: 'logoutAll',
        summary: 'Log out everywhere: end every session of mine',
        security: authorized,
        response: { 200: Type.Object({ sessions_ended: Type.Integer() }), ...problems(...tokenCodes, 'cross_site') },
      },
    },
    async (request, reply) => {
      const sessionsEnded = await app.sessions.logOutAll(request.claims.sub, request.client)
      if (request.headers.authorization === undefined) app.tokenCookies.clear(reply)
      return { sessions_ended: sessionsEnded }
    },
  )

  /** A broken cookie must not hide the good one beside it. */
  function authenticOf(given: string, access: string | undefined): AuthenticToken {
    try {
      return app.verifier.readAuthentic(given)
    } catch (error) {
      if (access === undefined || !isNoTokenOfOurs(error)) throw error
      return app.verifier.readAuthentic(access)
    }
  }
}

const isNoTokenOfOurs = (error: unknown) => error instanceof SignetError && error.code === 'invalid_token'

export default plugin
