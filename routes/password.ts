import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { accepted, ForgottenPassword, PasswordReset } from '../src/wire/mail-schemas.ts'
import { bodyCodes, problems } from '../src/wire/problem-responses.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  const hide = app.config.mail === undefined

  app.post(
    '/password/forgot',
    {
      onRequest: [app.limitLogins],
      schema: {
        hide,
        tags: ['Users'],
        operationId: 'forgotPassword',
        summary: 'Send a link to whoever has forgotten the password; the answer is the same for every name',
        body: ForgottenPassword,
        response: {
          202: accepted('If there is such a user with a verified address, a mail is on its way'),
          ...problems(...bodyCodes, 'mail_off', 'too_many_attempts', 'unavailable'),
        },
      },
    },
    async ({ body, client }, reply) => {
      await app.recovery.forget(body.username, client)
      return reply.code(202).send(undefined)
    },
  )

  app.post(
    '/password/reset',
    {
      onRequest: [app.limitLogins],
      schema: {
        hide,
        tags: ['Users'],
        operationId: 'resetPassword',
        summary: 'Set a new password by the token of a link; every session ends',
        body: PasswordReset,
        response: {
          204: Type.Null({ description: 'The password is set' }),
          ...problems(...bodyCodes, 'invalid_link', 'mail_off', 'too_many_attempts', 'overloaded', 'unavailable'),
        },
      },
    },
    async ({ body, client }, reply) => {
      await app.recovery.reset(body.token, body.new_password, client)
      reply.code(204)
    },
  )
}

export default fp(plugin, { name: 'routes/password', encapsulate: true })
