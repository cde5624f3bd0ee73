/** The composition root: the one place where the domain's services are put together. */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { createKeyRing, type KeyRing } from '../src/keys/key-ring.ts'
import { deriveKey } from '../src/keys/secret.ts'
import { createLoginLimit } from '../src/login/login-limit.ts'
import { reportSharedAddresses } from '../src/names/shared-addresses.ts'
import { createPasswordHasher, type PasswordHasher } from '../src/passwords/password-hash.ts'
import { createPasswordPolicy } from '../src/passwords/password-policy.ts'
import { createStandIns, type StandIns } from '../src/passwords/stand-ins.ts'
import { createRevocations, type Revocations } from '../src/sessions/revocations.ts'
import { createSessionService, type SessionService } from '../src/sessions/session-service.ts'
import { createTokenService, type TokenService } from '../src/tokens/token-service.ts'
import { createTokenVerifier, type TokenVerifier } from '../src/tokens/token-verifier.ts'
import { seedUsers } from '../src/users/seed-users.ts'
import { createUserService, type UserService } from '../src/users/user-service.ts'

interface Services {
  readonly tokens: TokenService
  readonly verifier: TokenVerifier
  readonly sessions: SessionService
  readonly users: UserService
  readonly revocations: Revocations
  readonly standIns: StandIns
  readonly keys: KeyRing
}

declare module 'fastify' {
  /** Until the service is open, every use of these throws `unavailable`. */
  interface FastifyInstance extends Services {
    readonly hasher: PasswordHasher
    /**
     * Puts the services together as soon as the database answers: its salt is in every key. Once open, does nothing.
     * @throws {SignetError} `unavailable` while the database is away
     */
    open(): Promise<void>
  }
}

export default fp(
  async app => {
    const { config, stores } = app
    app.decorate('hasher', app.givenHasher ?? ownHasher(app))
    let services: Services | undefined
    for (const name of ['tokens', 'verifier', 'sessions', 'users', 'revocations', 'standIns', 'keys'] as const) {
      app.decorate(name as string, {
        getter() {
          if (services) return services[name]
          throw new SignetError('unavailable', 'the database has not answered yet', { retryAfterSeconds: 1 })
        },
      })
    }
    app.decorate('open', async () => {
      if (services) return
      await stores.ping()
      const made = await putTogether(app)
      if (config.seedUsersFile) await seedUsers(made.users, config.seedUsersFile)
      await made.standIns.refresh()
      await made.revocations.poll()
      services = made // only now, so that nobody meets a service without its users or its revocations
      void reportSharedAddresses(stores.users, app.log) // however many users there are, nobody waits for it
    })
    // A database that is away may come; anything else is for whoever starts this, so it fails the start.
    await app.open().catch(error => {
      if (!(error instanceof SignetError && error.code === 'unavailable')) throw error
      app.log.error({ err: error.cause ?? error }, `${error.message}: every request that needs it will get 503`)
    })
  },
  { name: 'services', dependencies: ['audit', 'stores'] },
)

function ownHasher(app: FastifyInstance): PasswordHasher {
  const { passwordHash: scheme, bcryptCost, hashThreads: threads, hashQueue: queue } = app.config
  const hasher = createPasswordHasher({ scheme, bcryptCost, threads, queue })
  app.addHook('onClose', () => hasher.close())
  return hasher
}

async function putTogether(app: FastifyInstance): Promise<Services> {
  const { config, clock, stores, hasher, audit } = app
  const keys = await createKeyRing({
    secrets: config.secrets,
    salt: stores.salt,
    algorithm: config.algorithm,
    store: stores.keys,
    settings: config,
    audit,
  })
  const revocations = createRevocations(stores.sessions, clock, config.accessTokenSeconds, { log: app.log })
  const verifier = createTokenVerifier({ keys, revocations, clock, settings: config })
  const nameKey = deriveKey(config.secrets[0], stores.salt, 'signet account name')
  const standIns = createStandIns({ users: stores.users, hasher, salt: stores.salt, clock })
  const users = createUserService({
    users: stores.users,
    hasher,
    policy: createPasswordPolicy(config.passwordMinLength, config.passwordHash),
    standIns,
    limit: createLoginLimit(stores.attempts, nameKey, config.loginFreeFailures),
    revocations,
    audit,
  })
  const shared = { sessions: stores.sessions, revocations, audit }
  const sessions = createSessionService(shared)
  const tokens = createTokenService({ ...shared, users, keys, verifier, settings: config })
  return { tokens, verifier, sessions, users, revocations, standIns, keys }
}
