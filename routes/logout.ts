import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
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
          'By the access token, or by the refresh token in the body. Any token of ours will do, expired ones too.',
        security: [...authorized, {}],
        body: { content: { 'application/json': { schema: RefreshBody } } },
        response: { 204: Type.Null({ description: 'The session has ended' }), ...problems(400, 401, 415, 503) },
      },
    },
    async (request, reply) => {
      await app.sessions.logOut(app.verifier.readAuthentic(presentedToken(request)), request.client)
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
        response: { 200: Type.Object({ sessions_ended: Type.Integer() }), ...problems(401, 503) },
      },
    },
    async request => ({ sessions_ended: await app.sessions.logOutAll(request.claims.sub, request.client) }),
  )
}

function presentedToken(request: FastifyRequest): string {
  const { authorization } = request.headers
  const body = request.body as RefreshBody | undefined
  return authorization === undefined && body ? body.refresh_token : bearerToken(authorization)
}

export default plugin
