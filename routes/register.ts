import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SignetError } from '../src/base/errors.ts'
import { bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { Registration, UserItemRef, userItem } from '../src/wire/user-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/register',
    {
      onRequest: [app.limitLogins],
      schema: {
        tags: ['Users'],
        operationId: 'register',
        summary: 'Register, where REGISTRATION is open',
        body: Registration,
        response: {
          201: UserItemRef,
          ...problems(...bodyCodes, 'registration_closed', 'taken', 'too_many_attempts', 'overloaded', 'unavailable'),
        },
      },
    },
    async (request, reply) => {
      if (!app.config.registrationIsOpen) throw new SignetError('registration_closed', 'REGISTRATION is closed')
      const { body, client } = request
      const user = await app.users.register(body, client)
      return reply.code(201).send(userItem(user))
    },
  )
}

export default plugin
