import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { CodeBody, NewSecret, RecoveryCodes } from '../src/wire/factor-schemas.ts'
import { anyTokenCodes, bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { authorized } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  const onRequest = () => [app.authenticateToEnrol, app.requireFresh]
  const needed = [...anyTokenCodes, 'fresh_login_required', 'cross_site'] as const

  app.post(
    '/me/totp',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Second factors'],
        operationId: 'startTotp',
        summary: 'Begin with an authenticator app: a new secret, good once `/me/totp/confirm` had a code of it',
        description:
          'Within ten minutes, in this session. Until then the app of before, if any, is the one that counts.',
        security: authorized,
        response: { 200: NewSecret, ...problems(...needed, 'second_factor_off', 'email_unverified') },
      },
    },
    ({ claims }) => app.secondFactors.startTotp(claims),
  )

  app.post(
    '/me/totp/confirm',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Second factors'],
        operationId: 'confirmTotp',
        summary: 'Confirm the authenticator app by a code; my other sessions end',
        description:
          'From now on a login asks for a code. The recovery codes are shown this once; those of before are void.',
        security: authorized,
        body: CodeBody,
        response: {
          200: RecoveryCodes,
          ...problems(...needed, ...bodyCodes, 'invalid_code', 'second_factor_off', 'email_unverified'),
        },
      },
    },
    async ({ claims, body, client }) => ({
      recovery_codes: await app.secondFactors.confirmTotp(claims, body.code, client),
    }),
  )

  app.delete(
    '/me/totp',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Second factors'],
        operationId: 'removeTotp',
        summary: 'Remove the authenticator app; my other sessions end',
        description: 'With the last second factor the recovery codes go.',
        security: authorized,
        response: {
          204: Type.Null({ description: 'It is removed' }),
          ...problems(...needed, 'not_found', 'last_way_in'),
        },
      },
    },
    async ({ claims, client }, reply) => {
      await app.secondFactors.removeTotp(claims, client)
      reply.code(204)
    },
  )

  app.post(
    '/me/recovery-codes',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Second factors'],
        operationId: 'replaceRecoveryCodes',
        summary: 'New recovery codes; those of before are void',
        security: authorized,
        response: { 200: RecoveryCodes, ...problems(...needed, 'not_found') },
      },
    },
    async ({ claims, client }) => ({ recovery_codes: await app.secondFactors.replaceCodes(claims, client) }),
  )
}

export default fp(plugin, { name: 'routes/factors', encapsulate: true })
