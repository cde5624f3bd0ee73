import { createHash } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { hasVersion } from '../src/wire/if-none-match.ts'
import { problems } from '../src/wire/problem-responses.ts'

/** Public members only (RFC 7517 section 9.3): whatever else a key had would not pass this. */
const Jwk = Type.Object({
  kty: Type.String(),
  kid: Type.String(),
  use: Type.String(),
  alg: Type.String(),
  crv: Type.Optional(Type.String()),
  x: Type.Optional(Type.String()),
  y: Type.Optional(Type.String()),
  n: Type.Optional(Type.String()),
  e: Type.Optional(Type.String()),
})

const plugin: FastifyPluginAsyncTypebox = async app => {
  app.get(
    '/.well-known/jwks.json',
    {
      config: { openToEveryPage: true },
      schema: {
        tags: ['OAuth 2.0'],
        operationId: 'jwks',
        summary: 'The public keys of access tokens (RFC 7517); none under HS256',
        response: {
          200: Type.Object({ keys: Type.Array(Jwk) }),
          304: Type.Null({ description: 'What you have is still right' }),
          ...problems('unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { keys, maxAgeSeconds } = app.keys.jwks()
      const etag = `"${createHash('sha256').update(JSON.stringify(keys)).digest('base64url').slice(0, 22)}"`
      reply.header('cache-control', `public, max-age=${maxAgeSeconds}`).header('etag', etag).removeHeader('pragma')
      if (hasVersion(request.headers['if-none-match'], etag)) return reply.code(304).send(null)
      return { keys: keys.map(key => ({ ...key, kty: String(key.kty) })) }
    },
  )
}

export default fp(plugin, { name: 'routes/jwks', encapsulate: true })
