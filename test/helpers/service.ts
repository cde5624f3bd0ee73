import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { practiceUsers } from './practice-users.ts'
import { newSecret } from './tokens.ts'

/**
 * The service on a port of its own, with the clock of the machine and its timers running: all of what `startServer` starts
 * but the process, which takes a second and is for what only a process has.
 * @param env as a process would have it; passwords are hashed cheaply
 */
export async function startService(t: Test, env: Record<string, string> = {}) {
  const config = loadConfig({
    JWT_SECRET_KEY: newSecret(),
    PUBLIC_URL: 'http://localhost:3000',
    DATABASE_URL: 'sqlite::memory:',
    SEED_USERS_FILE: practiceUsers(4),
    LOGIN_LIMIT_PER_IP: '0',
    PORT: '0',
    ...env,
  })
  const lines: string[] = []
  const log = { write: (line: string) => void lines.push(line) }
  const { buildApp } = await import('../../src/app.ts') // when it is started: tests may be skipped
  const app = await buildApp({ config: { ...config, bcryptCost: 4 }, log })
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: config.port })
  const { port } = app.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, log: lines }
}
