/**
 * Limits per client address. Those on places that check a password count in the database, so that they hold over
 * restarts and instances; the one on unknown URLs counts in this process.
 */
import rateLimit, { type FastifyRateLimitOptions } from '@fastify/rate-limit'
import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { createMemoryLimits } from '../src/login/memory-limits.ts'
import type { LimitStore } from '../src/stores/stores.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly limitLogins: preHandlerAsyncHookHandler
    readonly limitUnknownUrls: preHandlerAsyncHookHandler
  }
}

const minute = 60_000
const unknownUrlsPerMinute = 120

export default fp(
  async app => {
    const { loginLimitPerIp, loginFreeFailures } = app.config
    // Its own scope first: one registration has one store, and the inner one must not see the outer one's decorators.
    await app.register(async scope => {
      const store = storeIn(createMemoryLimits(app.clock))
      await scope.register(rateLimit, { ...common, max: unknownUrlsPerMinute, store })
      app.decorate('limitUnknownUrls', scope.rateLimit() as preHandlerAsyncHookHandler)
    })
    await app.register(rateLimit, {
      ...common,
      max: loginLimitPerIp,
      allowList: isExempt,
      store: storeIn(app.stores.limits, loginFreeFailures > 0),
    })
    app.decorate(
      'limitLogins',
      loginLimitPerIp === 0 ? async () => {} : (app.rateLimit() as preHandlerAsyncHookHandler),
    )
  },
  { name: 'rate-limit', dependencies: ['client', 'stores'] },
)

const isExempt = ({ client }: FastifyRequest) => client.isExempt

const common = {
  global: false,
  timeWindow: minute,
  keyGenerator: ({ client }: FastifyRequest) => client.network,
  addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
  addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
  errorResponseBuilder: () => new SignetError('too_many_attempts', 'the limit of this address is used up'),
}

type Counted = (error: Error | null, result?: { current: number; ttl: number }) => void

/** @param isFollowed whether an attempt on an account is booked next, before anything is told */
function storeIn(limits: Pick<LimitStore, 'increment'>, isFollowed = false) {
  return class CountedWindows {
    readonly options: FastifyRateLimitOptions
    constructor(options: FastifyRateLimitOptions) {
      this.options = options
    }
    incr(address: string, done: Counted, timeWindow: number, most: number): void {
      limits.increment(`address:${address}`, timeWindow / 1000, isFollowed ? most : undefined).then(
        ({ count, remainingSeconds }) => done(null, { current: count, ttl: remainingSeconds * 1000 }),
        (error: Error) => done(error),
      )
    }
    child(): this {
      return this
    }
  }
}
