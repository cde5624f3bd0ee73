/**
 * Instances of the whole service on one scratch database, with a clock that stands still until somebody moves it. Their
 * settings are written here, not taken from the environment, so that what the lab says of them is true everywhere.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { AuditEvent } from '../base/audit.ts'
import type { Clock } from '../base/clock.ts'
import { SignetError } from '../base/errors.ts'
import { loadConfig } from '../config/config.ts'
import { bcryptCost, type People } from './people.ts'
import { type Rules, rules } from './rules.ts'

export type BuildApp = FastifyInstance['buildApp']

export interface Instances {
  readonly clock: Clock
  /** The instance under these rules, started when it is first asked for. Its answers are as of now, whatever the clock did. */
  of(which: Rules): Promise<FastifyInstance>
  advance(seconds: number): void
  /** A new secret signs from now on, and the one of before verifies; or only the newest is left. */
  changeSecret(act: 'rotate' | 'forget'): Promise<void>
  readonly secrets: readonly string[]
  close(): Promise<void>
}

export interface InstancesOptions {
  readonly buildApp: BuildApp
  readonly people: People
  /** Of the service that the lab is part of: an instance lives below it. */
  readonly publicUrl: string
  /** When the clock stands at the beginning, in epoch seconds. */
  readonly now: number
  /** Told of every audit event of every instance, within the request that caused it. */
  readonly onAudit: (event: AuditEvent) => void
  /** Told what an instance has to say: errors only. */
  readonly onLogLine: (line: string) => void
}

const newSecret = () => randomBytes(32).toString('base64url')

/** Makes the scratch database in the folder for temporary files; `close` removes it. */
export async function openInstances(options: InstancesOptions): Promise<Instances> {
  const { buildApp, people, publicUrl, onAudit, onLogLine } = options
  const folder = await mkdtemp(join(tmpdir(), 'signet-lab-'))
  await writeFile(join(folder, 'users.ndjson'), await people.users)
  const running = new Map<Rules, Promise<FastifyInstance>>()
  let secrets = [newSecret()]
  let now = options.now
  let isClosed = false
  const clock = () => now

  async function start(which: Rules): Promise<FastifyInstance> {
    const config = loadConfig({
      ...rules[which],
      PUBLIC_URL: `${publicUrl}/lab/${which}`,
      JWT_SECRET_KEY: secrets[0],
      JWT_SECRET_KEY_FALLBACK: secrets.slice(1).join(),
      SEED_USERS_FILE: join(folder, 'users.ndjson'),
      BCRYPT_COST: String(bcryptCost),
      LOGIN_LIMIT_PER_IP: '0', // nobody guesses here, and whoever tries things out types a lot
      LOGIN_FREE_FAILURES: '0',
      SMTP_URL: 'memory:',
      LAB: 'true', // else mail could not stay in this process
      MAIL_FROM: 'signet@localhost',
      RESET_URL: `${publicUrl}/lab`,
      VERIFY_URL: `${publicUrl}/lab`,
      SECOND_FACTOR: 'optional',
      LOG_LEVEL: 'error',
    })
    const database = { engine: 'sqlite', path: join(folder, 'lab.db') } as const
    const app = await buildApp({
      config: { ...config, database, lab: false },
      clock,
      hasher: people.hasher,
      background: false, // its timers would ask a clock that stands still
      log: { write: onLogLine },
    })
    app.onAudit(onAudit)
    await app.ready()
    return app
  }

  async function stop(): Promise<void> {
    const apps = [...running.values()]
    running.clear()
    for (const app of await Promise.allSettled(apps)) if (app.status === 'fulfilled') await app.value.close()
  }

  async function of(which: Rules): Promise<FastifyInstance> {
    // The first to open the database makes it; a second one at the same moment would be in its way.
    if (which === 'strict') await of('calm')
    // Somebody began anew meanwhile: an instance of before would leave its database behind.
    if (isClosed) throw new SignetError('unavailable', 'this beginning is over', { retryAfterSeconds: 1 })
    const starting = running.get(which) ?? start(which)
    running.set(which, starting)
    const app = await starting
    await app.revocations.poll() // what it knows must be of this moment, and of what its neighbour has ended
    return app
  }

  return {
    clock,
    of,
    advance(seconds) {
      now += seconds
    },
    async changeSecret(act) {
      secrets = act === 'rotate' ? [newSecret(), ...secrets] : secrets.slice(0, 1)
      await stop() // a secret changes with a restart only
    },
    get secrets() {
      return secrets
    },
    async close() {
      isClosed = true
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
