import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { type Config, loadConfig } from '../../src/config/config.ts'
import type { PasswordHasher } from '../../src/passwords/password-hash.ts'
import type { TokenResponse } from '../../src/wire/token-response.ts'
import { type MovableClock, movableClock } from './clock.ts'
import { practiceUsers } from './practice-users.ts'
import { newSecret } from './tokens.ts'
import { watchingErrors } from './told-errors.ts'

export type Overrides = Partial<Config> & { readonly sqlitePath?: string; readonly hasher?: PasswordHasher }

/** A configuration for tests: the real loader, a cheap hash, a database in memory, the practice users. */
export function testConfig({ sqlitePath, hasher: _, ...overrides }: Overrides = {}): Config {
  usual ??= loadConfig({
    JWT_SECRET_KEY: newSecret(),
    DATABASE_URL: 'sqlite::memory:',
    SEED_USERS_FILE: practiceUsers(testCost),
    LOGIN_LIMIT_PER_IP: '0',
    LOG_LEVEL: 'trace',
  })
  const database = sqlitePath === undefined ? usual.database : ({ engine: 'sqlite', path: sqlitePath } as const)
  return { ...usual, secrets: [newSecret()], bcryptCost: testCost, database, ...overrides }
}

/** Read and judged once; each app has a secret of its own. */
let usual: Config | undefined

const testCost = 4

export interface TestApp {
  readonly app: FastifyInstance
  readonly clock: MovableClock
  /** Every log line so far, as text. */
  readonly log: string[]
  logIn(username?: string, password?: string): Promise<TokenResponse>
  refresh(refreshToken: string): ReturnType<typeof inject>
  me(accessToken: string): ReturnType<typeof inject>
}

/** One pool of threads for all apps of a test file, as long as they hash alike. Idle threads keep no process alive. */
let hasher: PasswordHasher | undefined

/** Loaded when there is an app to build: a file whose tests are skipped has none. */
async function loaded() {
  const [{ buildApp }, { createPasswordHasher }] = await Promise.all([
    import('../../src/app.ts'),
    import('../../src/passwords/password-hash.ts'),
  ])
  hasher ??= createPasswordHasher({ scheme: 'bcrypt', bcryptCost: testCost, threads: 2, queue: 1000 })
  return { buildApp, hasher }
}

function hashesAsUsual({ bcryptCost, passwordHash, hashThreads, hashQueue }: Overrides): boolean {
  return [bcryptCost, passwordHash, hashThreads, hashQueue].every(one => one === undefined)
}

/**
 * The whole app without a socket, its clock standing still and its timers off; closed when the test is over. An error that
 * the OpenAPI document does not tell of fails the test, whatever it is about.
 */
export async function testApp(t: Test, overrides: Overrides = {}, clock = movableClock()): Promise<TestApp> {
  const lines: string[] = []
  const log = { write: (line: string) => void lines.push(line) }
  const { buildApp, hasher } = await loaded()
  const given = overrides.hasher ?? (hashesAsUsual(overrides) ? hasher : undefined)
  const shared = given ? { hasher: given } : {}
  const options = { config: testConfig(overrides), clock, log, background: false, ...shared }
  const app = await watchingErrors(
    () => buildApp(options),
    what => t.fail(what),
  )
  t.teardown(() => app.close())
  await app.ready()

  return {
    app,
    clock,
    log: lines,
    async logIn(username = 'thirdy', password = 'demo123') {
      const response = await app.inject({ method: 'POST', url: '/login', body: { username, password } })
      if (response.statusCode !== 200) throw new Error(`login answered ${response.statusCode}: ${response.body}`)
      return response.json()
    },
    refresh: refreshToken => inject(app, '/refresh', { refresh_token: refreshToken }),
    me: accessToken => app.inject({ url: '/me', headers: { authorization: `Bearer ${accessToken}` } }),
  }
}

function inject(app: FastifyInstance, url: string, body: object) {
  return app.inject({ method: 'POST', url, body })
}
