import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import {
  CreationOptions,
  NewPasskeyBody,
  PasskeyItem,
  passkeyItem,
  registrationOf,
} from '../src/wire/passkey-schemas.ts'
import { anyTokenCodes, bodyCodes, problems } from '../src/wire/problem-responses.ts'
import { authorized } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  const fresh = () => [app.authenticateToEnrol, app.requireFresh]
  const needed = [...anyTokenCodes, 'fresh_login_required', 'cross_site'] as const

  app.post(
    '/me/passkeys/options',
    {
      onRequest: [app.limitLogins, ...fresh()], // each is a row for five minutes
      schema: {
        tags: ['Second factors'],
        operationId: 'startPasskey',
        summary: 'Begin with a passkey: what the browser is asked with',
        description: 'Good for five minutes and one answer, in this session.',
        security: authorized,
        response: {
          200: CreationOptions,
          ...problems(...needed, 'second_factor_off', 'email_unverified', 'too_many_attempts'),
        },
      },
    },
    ({ claims }) => app.passkeys.start(claims) as Promise<{ challenge: string }>,
  )

  app.post(
    '/me/passkeys',
    {
      onRequest: fresh(),
      schema: {
        tags: ['Second factors'],
        operationId: 'addPasskey',
        summary: 'Add the passkey that the browser has made; my other sessions end',
        description: 'From now on a login asks for a second factor, or for the passkey alone.',
        security: authorized,
        body: NewPasskeyBody,
        response: {
          201: PasskeyItem,
          ...problems(...needed, ...bodyCodes, 'invalid_code', 'second_factor_off', 'email_unverified'),
        },
      },
    },
    async ({ claims, body, client }, reply) => {
      const added = await app.passkeys.add(claims, body.name, registrationOf(body.response), client)
      return reply.code(201).send(passkeyItem(added))
    },
  )

  app.get(
    '/me/passkeys',
    {
      onRequest: [app.authenticateToEnrol],
      schema: {
        tags: ['Second factors'],
        operationId: 'listPasskeys',
        summary: 'My passkeys',
        security: authorized,
        response: { 200: Type.Object({ passkeys: Type.Array(PasskeyItem) }), ...problems(...anyTokenCodes) },
      },
    },
    async ({ claims }) => ({ passkeys: (await app.passkeys.list(claims.sub)).map(passkeyItem) }),
  )

  app.delete(
    '/me/passkeys/:id',
    {
      onRequest: fresh(),
      schema: {
        tags: ['Second factors'],
        operationId: 'removePasskey',
        summary: 'Remove a passkey of mine; my other sessions end',
        description: 'With the last second factor the recovery codes go.',
        security: authorized,
        params: Type.Object({ id: Type.String() }),
        response: {
          204: Type.Null({ description: 'It is removed' }),
          ...problems(...needed, 'not_found', 'last_way_in'),
        },
      },
    },
    async ({ claims, params, client }, reply) => {
      await app.passkeys.remove(claims, params.id, client)
      reply.code(204)
    },
  )
}

export default fp(plugin, { name: 'routes/passkeys', encapsulate: true })
