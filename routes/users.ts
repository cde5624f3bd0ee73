import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { accepted } from '../src/wire/mail-schemas.ts'
import { Limit, limitOf, Next } from '../src/wire/paging.ts'
import { bodyCodes, problems, tokenCodes } from '../src/wire/problem-responses.ts'
import { authorized } from '../src/wire/token-schemas.ts'
import { NewUserBody, UserChangesBody, UserItemRef, userItem } from '../src/wire/user-schemas.ts'

/** Nobody here could make another one; the command line may do without. */
const keepAdmin = { keepAdmin: true }

const adminCodes = [...tokenCodes, 'admin_required'] as const

const ById = Type.Object({ id: Type.String() })

const plugin: FastifyPluginAsyncTypebox = async app => {
  const onRequest = () => [app.authenticate, app.requireAdmin]
  const actor = ({ claims, client }: FastifyRequest) => ({ by: claims.sub, ip: client.ip })

  app.get(
    '/users',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Users'],
        operationId: 'listUsers',
        summary: 'Users by name, page by page',
        security: authorized,
        querystring: Type.Object(
          {
            limit: Limit,
            after: Type.Optional(Type.String({ description: '`next` of the page before' })),
            q: Type.Optional(Type.String({ description: 'how the name or the e-mail address begins' })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ users: Type.Array(UserItemRef), next: Next }),
          ...problems(...adminCodes, 'invalid_request'),
        },
      },
    },
    async ({ query }) => {
      const { items, next = null } = await app.users.list({ ...query, limit: limitOf(query) })
      return { users: items.map(userItem), next }
    },
  )

  app.post(
    '/users',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Users'],
        operationId: 'createUser',
        summary: 'Create a user',
        security: authorized,
        body: NewUserBody,
        response: { 201: UserItemRef, ...problems(...adminCodes, ...bodyCodes, 'cross_site', 'taken', 'overloaded') },
      },
    },
    async (request, reply) => {
      const user = await app.users.create(request.body, actor(request), request.client)
      return reply.code(201).send(userItem(user))
    },
  )

  app.get(
    '/users/:id',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Users'],
        operationId: 'getUser',
        summary: 'One user',
        security: authorized,
        params: ById,
        response: { 200: UserItemRef, ...problems(...adminCodes, 'not_found') },
      },
    },
    async ({ params }) => userItem(await app.users.get(params.id)),
  )

  app.patch(
    '/users/:id',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Users'],
        operationId: 'changeUser',
        summary: 'Change a user; a new role or password and disabling end the sessions',
        security: authorized,
        params: ById,
        body: UserChangesBody,
        response: {
          200: UserItemRef,
          ...problems(...adminCodes, ...bodyCodes, 'cross_site', 'not_found', 'taken', 'last_admin', 'overloaded'),
        },
      },
    },
    async request => {
      const options = { ...keepAdmin, client: request.client }
      return userItem(await app.users.change(request.params.id, request.body, actor(request), options))
    },
  )

  app.delete(
    '/users/:id',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Users'],
        operationId: 'deleteUser',
        summary: 'Delete a user and end the sessions',
        security: authorized,
        params: ById,
        response: {
          204: Type.Null({ description: 'The user is gone' }),
          ...problems(...adminCodes, 'cross_site', 'not_found', 'last_admin'),
        },
      },
    },
    async (request, reply) => {
      await app.users.delete(request.params.id, actor(request), keepAdmin)
      reply.code(204)
    },
  )

  app.delete(
    '/users/:id/factors',
    {
      onRequest: [...onRequest(), app.requireFresh],
      schema: {
        tags: ['Users'],
        operationId: 'removeFactors',
        summary: 'Remove all second factors of a user who has lost them, and end the sessions; needs a fresh login',
        security: authorized,
        params: ById,
        response: {
          204: Type.Null({ description: 'The password is enough again' }),
          ...problems(...adminCodes, 'fresh_login_required', 'cross_site', 'not_found', 'last_way_in'),
        },
      },
    },
    async (request, reply) => {
      await app.factorRemoval.removeAll(request.params.id, actor(request))
      reply.code(204)
    },
  )

  app.post(
    '/users/:id/password-reset',
    {
      onRequest: onRequest(),
      schema: {
        hide: app.config.mail === undefined,
        tags: ['Users'],
        operationId: 'sendPasswordLink',
        summary: 'Send a user a link that sets a new password; it works for 7 days',
        security: authorized,
        params: ById,
        response: {
          202: accepted('The mail is on its way'),
          ...problems(...adminCodes, 'invalid_request', 'mail_off', 'cross_site', 'not_found', 'too_many_attempts'),
        },
      },
    },
    async (request, reply) => {
      await app.recovery.sendLink(request.params.id, actor(request), request.client)
      return reply.code(202).send(undefined)
    },
  )

  app.post(
    '/users/:id/logout',
    {
      onRequest: onRequest(),
      schema: {
        tags: ['Users'],
        operationId: 'logoutUser',
        summary: 'End every session of a user',
        security: authorized,
        params: ById,
        response: {
          200: Type.Object({ sessions_ended: Type.Integer() }),
          ...problems(...adminCodes, 'cross_site', 'not_found'),
        },
      },
    },
    async ({ params, claims, client }) => {
      await app.users.get(params.id)
      return { sessions_ended: await app.sessions.logOutAll(params.id, client, claims.sub) }
    },
  )
}

export default fp(plugin, { name: 'routes/users', encapsulate: true })
