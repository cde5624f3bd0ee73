import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifySchema } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from '../src/base/schema.ts'
import { pathOf } from '../src/config/public-url.ts'
import { problems } from '../src/wire/problem-responses.ts'

const uri = Type.String({ format: 'uri' })
const words = Type.Array(Type.String())

const Metadata = Type.Object({
  issuer: uri,
  token_endpoint: uri,
  jwks_uri: uri,
  revocation_endpoint: uri,
  introspection_endpoint: uri,
  response_types_supported: words,
  grant_types_supported: words,
  token_endpoint_auth_methods_supported: words,
  revocation_endpoint_auth_methods_supported: words,
  introspection_endpoint_auth_methods_supported: words,
})

/** RFC 8414 section 3.1 puts the path of the issuer behind its own. */
export const prefixOverride = ''

const plugin: FastifyPluginAsyncTypebox = async app => {
  const { publicUrl, passwordForm } = app.config
  // From the configuration alone: whatever Host a request has, the addresses are ours (RFC 8414 section 3.3).
  const metadata = {
    issuer: publicUrl,
    token_endpoint: `${publicUrl}/token`,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    revocation_endpoint: `${publicUrl}/revoke`,
    introspection_endpoint: `${publicUrl}/introspect`,
    response_types_supported: ['none'], // required (RFC 8414 section 2), and there is no authorization endpoint
    grant_types_supported: passwordForm ? ['password', 'refresh_token'] : ['refresh_token'],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
  }

  const path = pathOf(publicUrl)
  const schema = { tags: ['OAuth 2.0'], response: { 200: Metadata, ...problems() } }
  serve(`/.well-known/oauth-authorization-server${path}`, {
    ...schema,
    operationId: 'metadata',
    summary: 'Where everything is (RFC 8414)',
  })
  // Where clients look that know OpenID Connect first, with the path before (OpenID Connect Discovery) or behind (RFC 8414
  // section 5). We are no OpenID provider: there is no ID token.
  const aliases = new Set([`${path}/.well-known/openid-configuration`, `/.well-known/openid-configuration${path}`])
  for (const url of aliases) serve(url, { ...schema, hide: true })

  function serve(url: string, schema: FastifySchema): void {
    app.get(url, { config: { openToEveryPage: true }, schema }, async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300').removeHeader('pragma')
      return metadata
    })
  }
}

export default fp(plugin, { name: 'routes/metadata', encapsulate: true })
