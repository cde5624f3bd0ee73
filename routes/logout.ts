import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { onlyOne } from '../src/cookies/token-cookies.ts'
import { problems } from '../src/problem.ts'
import { bearerToken } from '../src/tokens/bearer.ts'
import { authorized, RefreshBody } from '../src/tokens/token-schemas.ts'

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
        response: { 204: Type.Null({ description: 'The session has ended' }), ...problems(400, 401, 403, 415, 503) },
      },
    },
    async (request, reply) => {
      const { refresh, access } = app.tokenCookies.read(request)
      const cookie = refresh ?? access
      const { authorization } = request.headers
      const body = authorization === undefined ? (request.body as RefreshBody | undefined) : undefined
      const token = onlyOne(body?.refresh_token, cookie) ?? bearerToken(authorization)

      if (cookie !== undefined) app.tokenCookies.clear(reply) // one that is no token of ours (any more) goes too
      await app.sessions.logOut(app.verifier.readAuthentic(token), request.client).catch(error => {
        reply.removeHeader('set-cookie') // the session lives on, so this must be possible again
        throw error
      })
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
        response: { 200: Type.Object({ sessions_ended: Type.Integer() }), ...problems(401, 403, 503) },
      },
    },
    async (request, reply) => {
      const sessionsEnded = await app.sessions.logOutAll(request.claims.sub, request.client)
      if (request.headers.authorization === undefined) app.tokenCookies.clear(reply)
      return { sessions_ended: sessionsEnded }
    },
  )
}

export default plugin
