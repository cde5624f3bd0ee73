/** Whether traffic should come here. A stop turns it off first, while requests are still answered. */
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { apart } from '../src/sessions/clock-watch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly readiness: {
      /** @throws {SignetError} `unavailable` */
      check(): Promise<void>
      /** Fails every check from now on. */
      end(): void
    }
  }
}

export default fp(
  async app => {
    let ending = false
    app.decorate('readiness', {
      async check() {
        if (ending) throw new SignetError('unavailable', 'stopping', { retryAfterSeconds: 1 })
        if (!app.revocations.isFresh()) {
          throw new SignetError('unavailable', 'the revocation list is old', { retryAfterSeconds: 1 })
        }
        if (app.revocations.clocks.areApart()) {
          throw new SignetError('unavailable', apart, { retryAfterSeconds: 1 })
        }
        await app.stores.ping()
      },
      end() {
        ending = true
      },
    })
  },
  { name: 'readiness', dependencies: ['services'] },
)
