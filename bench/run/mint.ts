/** Tokens for the bench, made by Signet's own code on the database and with the secret of the server that is measured. */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { Session } from '../../src/stores/stores.ts'
import { accessClaims } from '../../src/tokens/access-token.ts'
import { refreshClaims } from '../../src/tokens/refresh-token.ts'
import type { Environment } from './signet.ts'

/** The app on the same database, without a socket, timers or a log. Run it before the server starts. */
async function withApp<T>(env: Environment, act: (app: FastifyInstance) => Promise<T>): Promise<T> {
  const log = { write() {} }
  const app = await buildApp({ config: loadConfig({ ...env, BCRYPT_COST: '10' }), background: false, log })
  await app.ready()
  try {
    return await act(app)
  } finally {
    await app.close()
  }
}

/** Access tokens that differ in their `jti`, of one session of maria's. */
export function mintAccessTokens(env: Environment, count: number): Promise<string[]> {
  return withApp(env, async app => {
    const { session, user, now } = await createSession(app)
    const signer = app.keys.signer('at+jwt')
    return Array.from({ length: count }, () => signer.sign(accessClaims(session, user, now, app.config)))
  })
}

/** Refresh tokens of so many new sessions. */
export function mintSessions(env: Environment, count: number): Promise<string[]> {
  return withApp(env, async app => {
    const tokens: string[] = []
    for (let i = 0; i < count; i++) tokens.push(refreshTokenOf(app, (await createSession(app)).session))
    return tokens
  })
}

/** Refresh tokens of sessions that are there already. */
export function mintRefreshTokens(env: Environment, sids: readonly string[]): Promise<string[]> {
  return withApp(env, async app => {
    const tokens: string[] = []
    for (const sid of sids) {
      const view = await app.stores.sessions.find(sid)
      if (!view) throw new Error('a session that was filled in is not there')
      tokens.push(refreshTokenOf(app, view.session))
    }
    return tokens
  })
}

async function createSession(app: FastifyInstance) {
  const user = await app.stores.users.findByUsername('maria')
  const { refreshTokenSeconds: idleSeconds, sessionMaxAgeSeconds: maxAgeSeconds } = app.config
  const about = { sid: randomBytes(16).toString('base64url'), ip: '127.0.0.1', userAgent: 'bench' }
  const view =
    user && (await app.stores.sessions.create({ ...about, userId: user.userId, idleSeconds, maxAgeSeconds }, 0))
  if (!view) throw new Error('the practice users are not there')
  return { ...view, user }
}

function refreshTokenOf(app: FastifyInstance, session: Session): string {
  return app.keys.signer('rt+jwt').sign(refreshClaims(session))
}
