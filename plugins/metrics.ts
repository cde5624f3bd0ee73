/** Prometheus metrics on a listener of their own (if METRICS_PORT is set). Otherwise nothing of them is even loaded. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import type { Metrics } from '../src/metrics/metrics.ts'
import type { MetricSources } from '../src/metrics/state.ts'
import type { Stores } from '../src/stores/stores.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly metrics: { watchStores(stores: Stores): Stores } | undefined
  }
}

export default fp(
  async app => {
    const { host, metricsPort: port } = app.config
    if (port === undefined) return void app.decorate('metrics', undefined)

    const { createMetrics } = await import('../src/metrics/metrics.ts')
    const { watchStores } = await import('../src/metrics/watched-stores.ts')
    const metrics = createMetrics(sourcesIn(app))
    app.decorate('metrics', { watchStores: stores => watchStores(stores, metrics.databaseFailed) })
    app.onAudit(metrics.happened)
    countRequests(app, metrics)

    const server = createMetricsServer(app, metrics)
    app.addHook('onReady', async () => {
      server.listen({ host, port })
      await once(server, 'listening') // rejects when the port is taken
    })
    app.addHook('onClose', async () => {
      metrics.close()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve)) // it may not have begun to listen
    })
  },
  // Before `stores`, whose failures it counts.
  { name: 'metrics', dependencies: ['audit', 'client'] },
)

/** By the time of a scrape everything is decorated; only the database may not have answered yet. */
function sourcesIn(app: FastifyInstance): MetricSources {
  return {
    clock: app.clock,
    engine: app.config.database.engine,
    hasSigningKeys: app.config.algorithm !== 'HS256',
    hashLoad: () => app.hasher.load(),
    revocations: () =>
      ifOpen(() => {
        const { size, age, clocks } = app.revocations
        return { size, ageSeconds: age(), clockAheadSeconds: clocks.ahead() }
      }) ?? { size: 0, ageSeconds: Number.POSITIVE_INFINITY, clockAheadSeconds: 0 },
    droppedLogLines: app.droppedLogLines,
    oldestMail: app.config.mail && (async () => (await app.stores.mails.waiting()).oldestSeconds),
    signingKeySince: () => ifOpen(() => app.keys.signsSince()),
  }
}

function ifOpen<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SignetError) return undefined
    throw error
  }
}

function countRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    metrics.requestAnswered({
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
      network: () => (request.clientIp === 'unknown' ? undefined : request.client.network),
    })
    done()
  })
  app.addHook('onError', (request, _reply, error, done) => {
    const isLogin = loginPath.test(request.routeOptions.url ?? '')
    if (isLogin && error instanceof SignetError) metrics.loginRefused(error.code)
    done()
  })
}

const loginPath = /\/(login(\/second-factor|\/passkey)?|token)$/

function createMetricsServer(app: FastifyInstance, metrics: Metrics): Server {
  // Whoever holds a connection without asking holds it for seconds, and all of them together no more than these.
  const limits = { headersTimeout: 5_000, requestTimeout: 5_000, connectionsCheckingInterval: 1_000 }
  const server = createServer({ ...limits, keepAliveTimeout: 5_000 }, async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end()
    try {
      const text = await metrics.text()
      response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text)
    } catch (error) {
      app.log.error({ err: error }, 'reading the metrics failed')
      response.writeHead(500).end()
    }
  })
  server.maxConnections = mostConnections
  return server
}

const mostConnections = 100 // files that a process may open are few, and the service needs them
