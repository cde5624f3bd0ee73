import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { EmailProof } from '../src/wire/mail-schemas.ts'
import { anyTokenCodes, bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { authorized } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.post(
    '/email/verify',
    {
      onRequest: [app.limitLogins, app.authenticateIfGiven],
      schema: {
        hide: app.config.mail === undefined,
        tags: ['Users'],
        operationId: 'verifyEmail',
        summary: 'Do what the link is for: prove an address, change to it, or take a change back',
        description:
          'The first proof of an address ends the sessions of its account, and its password too, unless the request has ' +
          'an access token of that account or its password: somebody else may have registered the address.',
        security: [...authorized, {}],
        body: EmailProof,
        response: {
          204: Type.Null({ description: 'It is done' }),
          ...problems(
            ...anyTokenCodes,
            ...bodyCodes,
            'invalid_link',
            'invalid_credentials',
            'mail_off',
            'cross_site',
            'too_many_attempts',
            'overloaded',
          ),
        },
      },
    },
    async ({ body, claims, client }, reply) => {
      await app.addressProof.verify({ ...body, userId: claims?.sub }, client)
      reply.code(204)
    },
  )
}

export default fp(plugin, { name: 'routes/email', encapsulate: true })
