/**
 * CORS, by exact lists: pages in `COOKIE_ORIGINS` may call with cookies, those in `CORS_ORIGINS` with bearer tokens only.
 * Without the lists nothing is said but by routes that are open to every page, such as the public keys.
 */
import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Scripts of every page may read the answer. */
    openToEveryPage?: boolean
    /** Of @fastify/cors: the route says nothing to other pages. */
    cors?: false
  }
}

export default fp(
  async app => {
    const { cookieOrigins, corsOrigins } = app.config
    app.addHook('onRoute', ({ url, method, config }) => {
      if (!config?.openToEveryPage || method !== 'GET') return
      app.options(url, { schema: { hide: true }, config: { cors: false }, onRequest: openPreflight }, () => undefined)
    })
    app.addHook('onRoute', route => {
      if (!route.config?.openToEveryPage) return
      route.config = { ...route.config, cors: false }
      route.onRequest = [...[route.onRequest ?? []].flat(), open]
    })
    if (cookieOrigins.length === 0 && corsOrigins.length === 0) return

    const forEveryPage: FastifyCorsOptions = { ...common, origin: corsOrigins.includes('*') ? '*' : false }
    // Whole strings of a list: no pattern, no suffix, no reflection. Nobody else is told anything but `Vary`.
    const known = new Map<string | undefined, FastifyCorsOptions>([
      ...corsOrigins.map(origin => [origin, { ...common, origin }] as const),
      ...cookieOrigins.map(origin => [origin, { ...common, origin, credentials: true }] as const),
    ])
    if (cookieOrigins.length === 0 && forEveryPage.origin) await app.register(fastifyCors, forEveryPage)
    else {
      await app.register(fastifyCors, {
        delegator: (request, done) => done(null, known.get(request.headers.origin) ?? forEveryPage),
      })
    }
  },
  // After `headers`, because a preflight is answered at once.
  { name: 'cors', dependencies: ['headers'] },
)

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** The last four are what error trackers and tracing add to the requests of a page. */
const allowedHeaders = [
  'authorization',
  'content-type',
  'if-none-match',
  'sentry-trace',
  'baggage',
  'traceparent',
  'tracestate',
]

const common = {
  methods,
  allowedHeaders,
  exposedHeaders: ['signet-refresh', 'retry-after', 'www-authenticate'],
  maxAge: 600,
  strictPreflight: false, // its refusal would be a text, not a problem
} satisfies FastifyCorsOptions

function open(_request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin')
  done()
}

function openPreflight(_request: FastifyRequest, reply: FastifyReply): void {
  reply
    .code(204)
    .header('access-control-allow-origin', '*')
    .header('access-control-allow-methods', 'GET, HEAD')
    .header('access-control-allow-headers', allowedHeaders.join(', '))
    .header('access-control-max-age', common.maxAge)
    .send()
}
