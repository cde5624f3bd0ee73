import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { bodyCodes, problems, tokenCodes } from '../src/wire/problem-responses.ts'
import { authorized } from '../src/wire/token-schemas.ts'
import { PasswordChange } from '../src/wire/user-schemas.ts'

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
        response: { 200: Me, ...problems(...tokenCodes) },
      },
    },
    (request, reply) => {
      const { sub, username, email, role } = request.claims
      reply.send({ user_id: sub, username, email, role, message: 'You used a valid access token' })
    },
  )

  app.put(
    '/me/password',
    {
      onRequest: [app.limitLogins, app.authenticate],
      schema: {
        tags: ['Users'],
        operationId: 'changePassword',
        summary: 'Change my password; my other sessions end',
        security: authorized,
        body: PasswordChange,
        response: {
          204: Type.Null({ description: 'The password is changed' }),
          ...problems(
            ...tokenCodes,
            ...bodyCodes,
            'invalid_credentials',
            'cross_site',
            'too_many_attempts',
            'overloaded',
          ),
        },
      },
    },
    async ({ claims, body, client }, reply) => {
      await app.ownAccount.changePassword(claims.sub, claims.sid, body.current_password, body.new_password, client)
      reply.code(204)
    },
  )
}

export default fp(plugin, { name: 'routes/me', encapsulate: true })
