/**
 * The OpenAPI document at /openapi.json and Swagger UI at /docs, made from the schemas of the routes (if DOCS is on).
 * Otherwise the two packages are not even loaded.
 */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { originOf, pathOf } from '../src/config/public-url.ts'
import { authenticatorOnPage } from '../src/wire/authenticator-on-page.ts'
import { authorizeByItself } from '../src/wire/authorize-by-itself.ts'
import { copyTokens } from '../src/wire/copy-tokens.ts'
import { forPage, openapi, withOptionalBodies } from '../src/wire/openapi.ts'

export default fp(
  async app => {
    const { docs, publicUrl } = app.config
    if (!docs) return
    const path = pathOf(publicUrl)
    const bodyIsOptional = new Set<string>()
    const { default: swagger } = await import('@fastify/swagger')
    await app.register(swagger, {
      openapi: openapi(app.config),
      stripBasePath: false, // it would cut the path out of the middle of others, too
      // The document's server is PUBLIC_URL; what stays outside its path has a server of its own.
      transform: ({ schema, url, route }) => {
        if (route.config?.bodyIsOptional && schema?.operationId) bodyIsOptional.add(schema.operationId)
        if (path === '') return { schema, url }
        if (url.startsWith(`${path}/`)) return { schema, url: url.slice(path.length) }
        return { schema: { ...schema, servers: [{ url: originOf(publicUrl) }] }, url }
      },
      transformObject: document => {
        if (!('openapiObject' in document)) throw new Error('this is no OpenAPI document')
        return withOptionalBodies(document.openapiObject, bodyIsOptional)
      },
      refResolver: { buildLocalReference: ({ $id }, _baseUri, _fragment, i) => ($id as string) ?? `Schema${i}` },
    })
    app.get(`${path}/openapi.json`, { schema: { hide: true } }, () => app.swagger())
    await app.register(page, { prefix: path })
  },
  // After `headers`, whose Content-Security-Policy allows no page at all.
  { name: 'swagger', dependencies: ['headers'] },
)

async function page(scope: FastifyInstance): Promise<void> {
  const url = `${scope.prefix}/docs`
  // What the page loads is relative to it, so it has one address. Relative as well: a gateway may have stripped a path.
  scope.addHook('onRequest', async (request, reply) => {
    if (request.url === url) return
    const below = request.url.slice(url.length).replace(/[?].*/, '')
    if (otherAddresses.has(below)) return reply.redirect(`${'../'.repeat(below.split('/').length - 1)}docs`)
  })
  scope.addHook<string>('onSend', async (request, _reply, payload) =>
    request.url === url ? payload.replace('<head>', `<head>\n${viewport}`) : payload,
  )
  scope.get('/docs/index.html', { schema: { hide: true } }, () => '') // redirected

  const { default: swaggerUi } = await import('@fastify/swagger-ui')
  await scope.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: '.', // relative links in the page
    transformSpecification: document => forPage(document),
    transformSpecificationClone: false,
    staticCSP,
    theme: { title: 'Signet' },
    uiConfig: {
      layout: 'BaseLayout', // without the bar that asks for the address of another document
      persistAuthorization: true, // in localStorage, where every script of this origin could read it: for practice
      tryItOutEnabled: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: -1,
      plugins: [authorizeByItself, copyTokens, authenticatorOnPage],
    },
  })
}

/** Of the page, behind its own; '' with a query. */
const otherAddresses = new Set(['', '/', '/index.html', '/static/', '/static/index.html'])

/** Or a phone would show the page of a desk, small. */
const viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'

/**
 * Scripts of this origin only. Swagger UI writes style attributes. No upgrade-insecure-requests: over plain http and on
 * an address that is not loopback it would leave the page blank.
 */
const staticCSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
