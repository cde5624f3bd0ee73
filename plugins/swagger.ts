/** The OpenAPI document at /openapi.json and Swagger UI at /docs, made from the schemas of the routes (if DOCS is on). */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import { pathOf } from '../src/config/public-url.ts'
import { authorizeByItself } from '../src/wire/authorize-by-itself.ts'
import { openapi } from '../src/wire/openapi.ts'

export default fp(
  async app => {
    if (!app.config.docs) return
    await app.register(swagger, {
      openapi,
      stripBasePath: false, // it cannot read a relative server
      // The document's server is where the document is, under the path; what stays outside has a server of its own.
      transform: ({ schema, url }) => {
        if (path === '') return { schema, url }
        if (url.startsWith(`${path}/`)) return { schema, url: url.slice(path.length) }
        return { schema: { ...schema, servers: [{ url: '/' }] }, url }
      },
      refResolver: { buildLocalReference: ({ $id }, _baseUri, _fragment, i) => ($id as string) ?? `Schema${i}` },
    })
    const path = pathOf(app.config.publicUrl)
    app.get(`${path}/openapi.json`, { schema: { hide: true } }, () => app.swagger())

    await app.register(swaggerUi, {
      routePrefix: `${path}/docs`,
      indexPrefix: '.', // relative links in the page, for gateways that strip a path
      // The UI loads its own copy at /docs/json, one level deeper.
      transformSpecification: document => ({ ...document, servers: [{ url: '..' }] }),
      transformSpecificationClone: false,
      staticCSP,
      theme: { title: 'Signet' },
      uiConfig: {
        layout: 'BaseLayout', // without the bar that asks for the address of another document
        persistAuthorization: true, // in localStorage, where every script of this origin could read it: for practice
        tryItOutEnabled: true,
        displayRequestDuration: true,
        defaultModelsExpandDepth: -1,
        plugins: [authorizeByItself],
      },
    })
  },
  // After `headers`, whose Content-Security-Policy allows no page at all.
  { name: 'swagger', dependencies: ['headers'] },
)

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
