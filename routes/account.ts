import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { Type } from '../src/base/schema.ts'
import type { User } from '../src/stores/stores.ts'
import { AccountChangesBody, AccountItem, accountItem } from '../src/wire/account-schemas.ts'
import { saysBearer } from '../src/wire/bearer.ts'
import { bodyCodes, problems, tokenCodes } from '../src/wire/problem-responses.ts'
import { authorized } from '../src/wire/token-schemas.ts'

const plugin: FastifyPluginAsyncTypebox = async app => {
  const itemOf = async (user: User) => accountItem(user, await app.addressProof.pending(user.userId))

  app.get(
    '/me/account',
    {
      onRequest: [app.authenticate],
      schema: {
        tags: ['Users'],
        operationId: 'account',
        summary: 'My account as it is stored',
        security: authorized,
        response: { 200: AccountItem, ...problems(...tokenCodes) },
      },
    },
    async ({ claims }) => itemOf(await app.ownAccount.get(claims.sub)),
  )

  app.patch(
    '/me/account',
    {
      onRequest: [app.authenticate, app.requireFresh],
      schema: {
        tags: ['Users'],
        operationId: 'changeAccount',
        summary: 'Change my username, or begin a change of address; needs a login of the last five minutes',
        description:
          'A new address gets a link, and the old one stays until that was followed. The old one is told, and can undo it.',
        security: authorized,
        body: AccountChangesBody,
        response: {
          200: AccountItem,
          ...problems(
            ...tokenCodes,
            ...bodyCodes,
            'fresh_login_required',
            'cross_site',
            'mail_off',
            'email_unverified',
            'taken',
            'too_many_attempts',
          ),
        },
      },
    },
    async ({ claims, body, client }) => {
      const { email, ...others } = body
      if (email !== undefined) {
        await app.ownAccount.judge(claims.sub, others) // or a refused request would have sent a mail
        await app.addressProof.change(claims, email, client)
      }
      return itemOf(await app.ownAccount.change(claims.sub, others, client))
    },
  )

  app.delete(
    '/me/account',
    {
      onRequest: [app.authenticate, requireDeletion, app.requireFresh],
      schema: {
        tags: ['Users'],
        operationId: 'deleteAccount',
        summary: 'Delete my account; needs a login of the last five minutes',
        description: 'Ends every session and deletes the user, unless it is the last administrator.',
        security: authorized,
        response: {
          204: Type.Null({ description: 'The account is gone' }),
          ...problems(...tokenCodes, 'fresh_login_required', 'cross_site', 'deletion_off', 'last_admin'),
        },
      },
    },
    async (request, reply) => {
      await app.ownAccount.delete(request.claims.sub, request.client)
      if (!saysBearer(request.headers.authorization)) app.tokenCookies.clear(reply)
      reply.code(204)
    },
  )

  /** Before freshness: nobody should log in again for nothing. */
  function requireDeletion(_request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
    done(app.config.accountDeletion ? undefined : new SignetError('deletion_off', 'ACCOUNT_DELETION is off'))
  }
}

export default fp(plugin, { name: 'routes/account', encapsulate: true })
