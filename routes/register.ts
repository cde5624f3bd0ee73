import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { accepted } from '../src/wire/mail-schemas.ts'
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
        description:
          'One of `username` and `email` is needed. With EMAIL_VERIFICATION=required, or without a name, the account is there ' +
          'when the link in the mail was followed.',
        body: Registration,
        response: {
          201: UserItemRef,
          202: accepted('A mail is on its way; following its link makes the account'),
          ...problems(
            ...bodyCodes,
            'registration_closed',
            'mail_off',
            'taken',
            'too_many_attempts',
            'overloaded',
            'unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      if (!app.config.registrationIsOpen) throw new SignetError('registration_closed', 'REGISTRATION is closed')
      const { body, client } = request
      const user = await app.registration.register(body, client)
      return user ? reply.code(201).send(userItem(user)) : reply.code(202).send(undefined)
    },
  )
}

export default fp(plugin, { name: 'routes/register', encapsulate: true })
