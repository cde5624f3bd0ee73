/** What a command works with: the services of src/domain.ts on the database of its environment. */
import type { Audit } from '../base/audit.ts'
import { systemClock } from '../base/clock.ts'
import { ConfigError, loadCommandConfig, loadKeysConfig } from '../config/config.ts'
import { type Database, nameOfDatabase } from '../config/database-url.ts'
import { type Administration, createAdministration } from '../domain.ts'
import { openStores } from '../engines/open-stores.ts'
import type { Algorithm } from '../jws/jws.ts'
import { createKeyService, type KeyService } from '../keys/key-service.ts'
import { noticeTo } from '../mail/new-mail.ts'
import { createPasswordHasher, type PasswordHasher } from '../passwords/password-hash.ts'
import { createPasswordPolicy, type PasswordPolicy } from '../passwords/password-policy.ts'
import type { Stores } from '../stores/stores.ts'
import type { Call } from './call.ts'
import { hasMail } from './has-mail.ts'
import { jsonLine } from './output.ts'

export interface Domain extends Administration {
  readonly stores: Stores
  readonly policy: PasswordPolicy
  /** Of mails. */
  readonly language: string
  /** What the database is called in messages. */
  readonly database: string
}

/** Who acts, in audit lines; no user id has a blank. */
export const actor = { by: 'command line' } as const

/**
 * Runs a command on the database of the environment, and closes it again. Nothing is hashed unless the command asks for it.
 * @param options.create whether a database that does not exist is made; reading one that is not there is a mistake
 * @param options.verbose writes audit lines to standard error
 */
export async function withDomain<T>(
  call: Call,
  { create = false, verbose = false }: { create?: boolean; verbose?: boolean | undefined },
  act: (domain: Domain) => Promise<T>,
): Promise<T> {
  const config = loadCommandConfig(call.env)
  const stores = await openShared(config.database, create)
  const { passwordHash: scheme, bcryptCost, hashThreads: threads } = config
  const policy = createPasswordPolicy(config.passwordMinLength, scheme)
  let hasher: PasswordHasher | undefined
  const administration = createAdministration({
    config,
    stores,
    get hasher() {
      hasher ??= createPasswordHasher({ scheme, bcryptCost, threads, queue: undefined })
      return hasher
    },
    policy,
    revocations: pollTells,
    audit: verbose ? auditOn(call) : () => {},
    mailsTo: (user, notice) => (hasMail(call.env) ? noticeTo(user, notice, config.language) : []),
  })
  const others = { stores, policy, language: config.language, database: nameOfDatabase(config.database) }
  try {
    return await act(Object.assign(administration, others))
  } finally {
    await hasher?.close()
    await stores.close()
  }
}

/** The same for commands on the key ring. */
export async function withKeys<T>(
  call: Call,
  { verbose = false }: { verbose?: boolean | undefined },
  act: (keys: KeyService, algorithm: Algorithm) => Promise<T>,
): Promise<T> {
  const config = loadKeysConfig(call.env)
  const stores = await openShared(config.database, false)
  const audit = verbose ? auditOn(call) : () => {}
  const { salt, keys: store } = stores
  try {
    return await act(createKeyService({ ...config, salt, store, settings: config, audit, ...actor }), config.algorithm)
  } finally {
    await stores.close()
  }
}

async function openShared(database: Database, create: boolean): Promise<Stores> {
  const onWait = (reason: string) => process.stderr.write(`signet: ${reason}\n`)
  return openStores({ database: shared(database) }, systemClock, { create, onWait })
}

/** @throws {ConfigError} for a database that no command can see */
export function shared(database: Database): Database {
  if (database.engine === 'sqlite' && database.path === ':memory:') {
    throw new ConfigError(['DATABASE_URL is in memory: nobody but the service itself can see it'])
  }
  return database
}

/** In the form of the service's log, so that one tool reads both. */
function auditOn({ stderr }: Call): Audit {
  return event => {
    const line = { level: 30, time: systemClock() * 1000, audit: event, msg: event.event }
    stderr.write(jsonLine(line))
  }
}

/** Running servers learn of ended sessions by their poll, within about a second. */
const pollTells = { add: () => {} }
