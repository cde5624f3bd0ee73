/** Signet as it is shipped: compiled, with the settings of production but for the limits on logins. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { newSecret } from '../../test/helpers/tokens.ts'
import { type Server, type ServerOptions, startServer } from './processes.ts'
import { root } from './root.ts'

export type Environment = Record<string, string>

/** A database of its own, settings as a user would have them. `info` is the default and logs a line per request. */
export function signetEnvironment(folder: string, given: Environment = {}): Environment {
  return {
    JWT_SECRET_KEY: newSecret(),
    DATABASE_URL: `sqlite:${join(mkdtempSync(join(folder, 'signet-')), 'signet.db')}`,
    SEED_USERS_FILE: join(root, 'practice', 'users.ndjson'),
    JWT_ACCESS_TOKEN_EXPIRES: '86400', // a whole run
    LOGIN_LIMIT_PER_IP: '0',
    LOGIN_LIMIT_EXEMPT: '127.0.0.0/8', // the whole load comes from one address
    LOGIN_FREE_FAILURES: '0',
    PUBLIC_URL: 'http://localhost:3000', // the issuer of tokens that several servers in turn take
    SESSIONS_PER_USER: '10000', // all of them are one user's
    LOG_LEVEL: 'info',
    ...given,
  }
}

export const signetArguments: readonly string[] = ['dist/src/server.js']

export function startSignet(env: Environment, options: Partial<ServerOptions> = {}): Promise<Server> {
  return startServer({ args: signetArguments, env, ...options })
}

export function buildSignet(): void {
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm run build failed:\n${stdout}`)
}

/** Stops them whatever happens. */
export async function withServers<T>(starts: Promise<Server>[], act: (servers: Server[]) => Promise<T>): Promise<T> {
  const started = await Promise.allSettled(starts)
  const servers = started.filter(one => one.status === 'fulfilled').map(one => one.value)
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason
    return await act(servers)
  } finally {
    await Promise.all(servers.map(server => server.stop()))
  }
}
