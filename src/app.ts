/** Builds the Fastify app: options, then plugins/, then routes/. It does not listen. */
import { join } from 'node:path'
import autoload from '@fastify/autoload'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Clock, systemClock } from './base/clock.ts'
import { codeRoot } from './base/package-root.ts'
import type { Config } from './config/config.ts'
import { pathOf } from './config/public-url.ts'
import { buildSerializer, buildValidator } from './http/compilers.ts'
import type { LogLines } from './http/log-lines.ts'
import { RequestLog } from './http/request-log.ts'
import type { PasswordHasher } from './passwords/password-hash.ts'
import { answerClientError } from './wire/client-errors.ts'
import { OAuthError, Problem } from './wire/problem.ts'
import { TokenResponse } from './wire/token-schemas.ts'
import { UserItem } from './wire/user-schemas.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly config: Config
    readonly clock: Clock
    readonly background: boolean
    readonly givenHasher: PasswordHasher | undefined
    /** Log lines that could not be written. */
    readonly droppedLogLines: () => number
    /** Another app like this one, for the lab, which runs some of its own. */
    readonly buildApp: typeof buildApp
  }
}

export interface AppOptions {
  readonly config: Config
  readonly clock?: Clock
  /** Where log lines go. */
  readonly log: Pick<LogLines, 'write'> & Partial<LogLines>
  /** Whether timers run (revocation poll, housekeeping); tests turn them by hand. */
  readonly background?: boolean
  /** One that several apps share, and that none of them closes; made from the configuration when not given. */
  readonly hasher?: PasswordHasher
}

const headersTimeout = 5_000
const keepAliveTimeout = 65_000

/** @throws when the database cannot be opened or a plugin is missing; then what was opened is closed again */
export async function buildApp(given: AppOptions): Promise<FastifyInstance> {
  const { config, log, clock = systemClock, background = true, hasher } = given
  const requestLog = new RequestLog(log, config.logLevel)
  const app = Fastify({
    logger: { level: config.logLevel, stream: log },
    logController: requestLog,
    trustProxy: false, // who is asking is told by request.client alone, which parses before it believes
    bodyLimit: 16 * 1024,
    // Only the header block's 16 KiB bound a parameter: a long id is a wrong id, not an error of another kind.
    routerOptions: { maxParamLength: 16 * 1024 },
    requestIdHeader: false,
    pluginTimeout: 0, // a migration or an unreachable database at the start has limits of its own
    allowErrorHandlerOverride: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false, // requests in flight on kept connections are answered as ever
    // Together: requestTimeout has no effect below headersTimeout, and Fastify sets its own one over that of `http`.
    http: { requireHostHeader: false, headersTimeout, connectionsCheckingInterval: 1_000 },
    requestTimeout: 10_000,
    keepAliveTimeout,
    maxRequestsPerSocket: 0,
    schemaController: { compilersFactory: { buildSerializer, buildValidator } },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true } },
    frameworkErrors(error, request, reply) {
      reply.headers(request.server.commonHeaders) // a URL that cannot be read meets no hook
      request.server.errorHandler(error, request, reply)
    },
    clientErrorHandler(this: FastifyInstance, error, socket) {
      const { log, commonHeaders: headers } = this
      answerClientError(error.code, socket, { log, headers, patience: keepAliveTimeout - headersTimeout })
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.log.child = () => app.log // one for each request would cost more than its line, which names the request itself
  app.addHook('onRoute', ({ url }) => void requestLog.addPath(url))
  app.decorate('config', config)
  app.decorate('clock', clock)
  app.decorate('background', background)
  app.decorate('givenHasher', hasher)
  app.decorate('buildApp', buildApp)
  app.decorate('droppedLogLines', () => log.dropped?.() ?? 0)
  for (const schema of [Problem, OAuthError, TokenResponse, UserItem]) app.addSchema(schema)

  try {
    await app.register(autoload, { dir: join(codeRoot, 'plugins') })
    // What is not for clients exports a `prefixOverride` and stays where it is.
    const options = { prefix: pathOf(config.publicUrl) }
    await app.register(autoload, { dir: join(codeRoot, 'routes'), dirNameRoutePrefix: false, options })
  } catch (error) {
    await app.close() // the database may be open already
    throw error
  }
  return app as unknown as FastifyInstance
}
