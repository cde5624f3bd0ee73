import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { problems } from '../src/problem.ts'
import { authorized } from '../src/tokens/token-schemas.ts'

const Me = Type.Object({
  user_id: Type.String(),
  username: Type.String(),
  email: Type.Union([Type.String(), Type.Null()]),
  role: Type.String(),
  message: Type.String(),
})

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/me',
    {
      onRequest: [app.authenticate],
      schema: {
        tags: ['Tokens'],
        operationId: 'me',
        summary: 'Who am I? From the access token alone',
        security: authorized,
        response: { 200: Me, ...problems(401, 503) },
      },
    },
    (request, reply) => {
      const { sub, username, email, role } = request.claims
      reply.send({ user_id: sub, username, email, role, message: 'You used a valid access token' })
    },
  )
}

export default plugin
