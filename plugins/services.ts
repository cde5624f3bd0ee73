/** The domain's services on the app, from the moment on at which the database answers. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { type Domain, openDomain } from '../src/domain.ts'
import { reportSharedAddresses } from '../src/names/shared-addresses.ts'
import { createPasswordHasher, type PasswordHasher } from '../src/passwords/password-hash.ts'

declare module 'fastify' {
  /** Until the service is open, every use of these throws `unavailable`. */
  interface FastifyInstance extends Domain {
    readonly hasher: PasswordHasher
    /**
     * Puts the services together as soon as the database answers: its salt is in every key. Once open, does nothing.
     * @throws {SignetError} `unavailable` while the database is away
     */
    open(): Promise<void>
  }
}

const names: readonly (keyof Domain)[] = [
  'tokens',
  'verifier',
  'sessions',
  'users',
  'ownAccount',
  'stepUp',
  'registration',
  'recovery',
  'addressProof',
  'mailer',
  'secondFactors',
  'passkeys',
  'factorRemoval',
  'revocations',
  'standIns',
  'keys',
]

export default fp(
  async app => {
    const { stores } = app
    app.decorate('hasher', app.givenHasher ?? ownHasher(app))
    let services: Domain | undefined
    for (const name of names) {
      app.decorate(name as string, {
        getter() {
          if (services) return services[name]
          throw new SignetError('unavailable', 'the database has not answered yet', { retryAfterSeconds: 1 })
        },
      })
    }
    app.addHook('onClose', () => services?.mailer?.worker.close())
    const reach = oneAtATime(() => stores.ping())
    const open = oneAtATime(async () => {
      await reach()
      services = await openDomain(app)
      void reportSharedAddresses(stores.users, app.log) // however many users there are, nobody waits for it
    })
    app.decorate('open', async () => {
      if (!services) await open()
    })
    // A database that is away may come, and a migration end; anything else is for whoever starts this, so it fails the start.
    const tooLong = new SignetError('unavailable', 'the database is not up to date yet', { retryAfterSeconds: 1 })
    const patience = sleep(patienceMilliseconds, undefined, { ref: false }).then(() => Promise.reject(tooLong))
    await Promise.race([reach(), patience])
      .then(open)
      .catch(error => {
        if (!(error instanceof SignetError && error.code === 'unavailable')) throw error
        app.log.error({ err: error.cause ?? error }, `${error.message}: every request that needs it will get 503`)
      })
  },
  { name: 'services', dependencies: ['audit', 'mail', 'stores'] },
)

/** Then it listens and says so, and goes on. */
const patienceMilliseconds = 2_000

/** Who asks while it is under way waits for the same. */
function oneAtATime(act: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => {
    running ??= act().finally(() => {
      running = undefined
    })
    return running
  }
}

function ownHasher(app: FastifyInstance): PasswordHasher {
  const { passwordHash: scheme, bcryptCost, hashThreads: threads, hashQueue: queue } = app.config
  const hasher = createPasswordHasher({ scheme, bcryptCost, threads, queue })
  app.addHook('onClose', () => hasher.close())
  return hasher
}
