/** The composition root: the one place where the domain's services are put together. */
import fp from 'fastify-plugin'
import type { Audit } from '../src/audit.ts'
import { createKeyRing, type KeyRing } from '../src/keys/key-ring.ts'
import { deriveKey } from '../src/keys/secret.ts'
import { createLoginLimit } from '../src/limits/login-limit.ts'
import { createPasswordHasher } from '../src/passwords/password-hash.ts'
import { createPasswordPolicy } from '../src/passwords/password-policy.ts'
import { createRevocations, type Revocations } from '../src/sessions/revocations.ts'
import { createSessionService, type SessionService } from '../src/sessions/session-service.ts'
import { createTokenService, type TokenService } from '../src/tokens/token-service.ts'
import { createTokenVerifier, type TokenVerifier } from '../src/tokens/token-verifier.ts'
import { createUserService, type UserService } from '../src/users/user-service.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly tokens: TokenService
    readonly verifier: TokenVerifier
    readonly sessions: SessionService
    readonly users: UserService
    readonly revocations: Revocations
    readonly keys: KeyRing
  }
}

export default fp(
  async app => {
    const { config, clock, stores } = app
    const audit: Audit = event => app.log[levels[event.event] ?? 'info']({ audit: event }, event.event)

    const hasher = createPasswordHasher({
      scheme: config.passwordHash,
      bcryptCost: config.bcryptCost,
      threads: config.hashThreads,
      queue: config.hashQueue,
    })
    const keys = await createKeyRing({
      secrets: config.secrets,
      salt: stores.salt,
      algorithm: config.algorithm,
      store: stores.keys,
      createJws: app.createJws,
      settings: config,
      audit,
    })
    const revocations = createRevocations(stores.sessions, clock, config.accessTokenSeconds)
    const verifier = createTokenVerifier({ keys, revocations, clock, settings: config })
    const nameKey = deriveKey(config.secrets[0], stores.salt, 'signet account name')
    const users = createUserService({
      users: stores.users,
      hasher,
      policy: createPasswordPolicy(config.passwordMinLength, config.passwordHash),
      limit: createLoginLimit(stores.attempts, nameKey, config.loginFreeFailures),
      revocations,
      audit,
    })
    const sessions = createSessionService({ sessions: stores.sessions, revocations, audit })
    const tokens = createTokenService({
      sessions: stores.sessions,
      users,
      keys,
      verifier,
      revocations,
      audit,
      settings: config,
    })

    app.decorate('tokens', tokens)
    app.decorate('verifier', verifier)
    app.decorate('sessions', sessions)
    app.decorate('users', users)
    app.decorate('revocations', revocations)
    app.decorate('keys', keys)
    app.addHook('onClose', () => hasher.close())
  },
  { name: 'services', dependencies: ['stores', 'jwt'] },
)

/** What an operator should look at, and what means that the database lost a write. */
const levels: Partial<Record<string, 'warn' | 'error'>> = {
  'refresh.reuse': 'warn',
  'refresh.ahead': 'warn',
  'refresh.recovered': 'error',
}
