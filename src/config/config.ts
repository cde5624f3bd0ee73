/**
 * The configuration: environment variables only, read once. A mistake stops the start; no message ever holds a value.
 */
import { availableParallelism } from 'node:os'
import { type Static, type TSchema, Type } from '../base/schema.ts'
import type { Database } from './database-url.ts'
import {
  type EmailVerification,
  languageOf,
  type MailSettings,
  readEmailVerification,
  readMail,
} from './mail-settings.ts'
import { misspeltVariables } from './misspelt-variables.ts'
import { checkVariables, readVariables } from './read-variables.ts'
import {
  readAudience,
  readCookieOrigins,
  readCorsOrigins,
  readDatabase,
  readLab,
  readLoginLimitExempt,
  readPasskeyRpId,
  readPublicUrl,
  readResourceServers,
  readSecrets,
  readTrustedProxies,
} from './rules.ts'
import { type Variables, variables } from './variables.ts'

export { variables } from './variables.ts'

export interface Config {
  readonly host: string
  readonly port: number
  readonly publicUrl: string
  /** What access tokens are for: at least one name. */
  readonly audience: readonly string[]
  /** The first signs, all verify. */
  readonly secrets: readonly [string, ...string[]]
  /** The secret was made for this start only: tokens do not outlive the process. */
  readonly secretIsRandom: boolean
  readonly algorithm: Variables['JWT_ALGORITHM']
  /** 0 = by command only. */
  readonly rotationDays: number
  readonly accessTokenSeconds: number
  readonly refreshTokenSeconds: number
  readonly sessionMaxAgeSeconds: number
  readonly refreshRaceWindowSeconds: number
  readonly refreshRetriesPerDay: number
  readonly database: Database
  readonly passwordHash: 'bcrypt' | 'argon2id'
  readonly bcryptCost: number
  readonly hashThreads: number
  /** undefined: two seconds of work, at least 8. */
  readonly hashQueue: number | undefined
  readonly passwordMinLength: number
  readonly loginLimitPerIp: number
  /** Addresses and CIDRs. */
  readonly loginLimitExempt: readonly string[]
  readonly loginFreeFailures: number
  readonly trustedProxies: readonly string[]
  readonly registrationIsOpen: boolean
  /** Whether users may delete themselves. */
  readonly accountDeletion: boolean
  readonly passwordForm: boolean
  /** undefined: no mail. */
  readonly mail: MailSettings | undefined
  readonly emailVerification: EmailVerification
  /** Who may and who must have a second factor; those that are stored are asked for in any case. */
  readonly secondFactor: Variables['SECOND_FACTOR']
  /** The host that passkeys are made for, or what it ends in. */
  readonly passkeyRpId: string
  /** Further origins whose pages may use cookies. */
  readonly cookieOrigins: readonly string[]
  /** Further origins whose pages may use bearer tokens; `*` alone is every page. */
  readonly corsOrigins: readonly string[]
  /** id → secret of the services that may introspect. */
  readonly resourceServers: ReadonlyMap<string, string>
  readonly sessionsPerUser: number
  readonly seedUsersFile: string | undefined
  readonly docs: boolean
  /** The page at /lab: on loopback only. */
  readonly lab: boolean
  /** undefined: no metrics. */
  readonly metricsPort: number | undefined
  readonly logLevel: string
  readonly shutdownGraceSeconds: number
}

/** Every mistake at once, one line each; the message is fit for standard error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.mistakes = mistakes
  }
}

/**
 * Reads the configuration from environment variables.
 * @throws {ConfigError} naming every variable that is missing or wrong
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const mistakes: string[] = []
  const given = readVariables(variables, env, mistakes)
  const config = assemble(checkVariables(variables, given, mistakes), mistakes)
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return Object.freeze(config)
}

/** What the environment has that is probably meant for us and does nothing, one line each; for a warning. */
export function strangeVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const settings = Object.entries<TSchema>(variables.properties)
  const withFile = settings.filter(([, setting]) => setting['fromFile']).map(([name]) => name)
  return misspeltVariables(env, Object.keys(variables.properties), new Set(withFile))
}

const ofCommands = Type.Pick(variables, [
  'DATABASE_URL',
  'DATABASE_POOL',
  'PASSWORD_HASH',
  'BCRYPT_COST',
  'HASH_THREADS',
  'PASSWORD_MIN_LENGTH',
  'MAIL_LANGUAGE',
])

/** What acts on users and sessions need, wherever they are called from. */
export type CommandConfig = Pick<
  Config,
  'database' | 'passwordHash' | 'bcryptCost' | 'hashThreads' | 'passwordMinLength'
> &
  Pick<MailSettings, 'language'>

/**
 * Reads what the command line needs of the same environment: where the users are, and how passwords are hashed. It
 * checks no password and makes no token, so it neither asks for the secret nor judges how the service is reached.
 * @throws {ConfigError}
 */
export function loadCommandConfig(env: Readonly<Record<string, string | undefined>>): CommandConfig {
  const mistakes: string[] = []
  const values = checkVariables(ofCommands, readVariables(ofCommands, env, mistakes), mistakes)
  const config = { ...hashingOf(values), database: readDatabase(values, mistakes), language: languageOf(values) }
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return Object.freeze(config)
}

const ofKeys = Type.Pick(variables, [
  'DATABASE_URL',
  'DATABASE_POOL',
  'JWT_SECRET_KEY',
  'JWT_SECRET_KEY_FALLBACK',
  'JWT_ALGORITHM',
  'KEY_ROTATION_DAYS',
  'JWT_ACCESS_TOKEN_EXPIRES',
])

/** What acts on the key ring need: where it is, what seals it, and how it is rotated. */
export type KeysConfig = Pick<Config, 'database' | 'secrets' | 'algorithm' | 'rotationDays' | 'accessTokenSeconds'>

/** The same for commands on the key ring, which seal what they make. @throws {ConfigError} */
export function loadKeysConfig(env: Readonly<Record<string, string | undefined>>): KeysConfig {
  const mistakes: string[] = []
  const values = checkVariables(ofKeys, readVariables(ofKeys, env, mistakes), mistakes)
  const config = {
    database: readDatabase(values, mistakes),
    secrets: readSecrets(values, mistakes).secrets,
    algorithm: values.JWT_ALGORITHM,
    rotationDays: values.KEY_ROTATION_DAYS,
    accessTokenSeconds: values.JWT_ACCESS_TOKEN_EXPIRES,
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return Object.freeze(config)
}

function hashingOf(values: Static<typeof ofCommands>) {
  return {
    passwordHash: values.PASSWORD_HASH,
    bcryptCost: values.BCRYPT_COST,
    hashThreads: values.HASH_THREADS ?? availableParallelism(),
    passwordMinLength: values.PASSWORD_MIN_LENGTH,
  }
}

function assemble(values: Variables, mistakes: string[]): Config {
  const publicUrl = readPublicUrl(values, mistakes)
  const cookieOrigins = readCookieOrigins(values, publicUrl, mistakes)
  const { secrets, secretIsRandom } = readSecrets(values, mistakes)
  const database = readDatabase(values, mistakes)
  const trustedProxies = readTrustedProxies(values, mistakes)

  if (secretIsRandom && database.engine === 'postgres') {
    mistakes.push('JWT_SECRET_KEY must not be random with PostgreSQL: every instance needs the same secret')
  }
  if (values.JWT_ACCESS_TOKEN_EXPIRES > values.JWT_REFRESH_TOKEN_EXPIRES) {
    mistakes.push('JWT_ACCESS_TOKEN_EXPIRES must not be longer than JWT_REFRESH_TOKEN_EXPIRES')
  }
  if (values.JWT_REFRESH_TOKEN_EXPIRES > values.SESSION_MAX_AGE) {
    mistakes.push('JWT_REFRESH_TOKEN_EXPIRES must not be longer than SESSION_MAX_AGE')
  }

  if (values.METRICS_PORT === values.PORT) {
    mistakes.push('METRICS_PORT must not be the same as PORT: metrics have a listener of their own')
  }

  return {
    host: values.HOST,
    port: values.PORT,
    publicUrl,
    audience: Object.freeze(readAudience(values, publicUrl, mistakes)),
    secrets: Object.freeze(secrets),
    secretIsRandom,
    algorithm: values.JWT_ALGORITHM,
    rotationDays: values.KEY_ROTATION_DAYS,
    accessTokenSeconds: values.JWT_ACCESS_TOKEN_EXPIRES,
    refreshTokenSeconds: values.JWT_REFRESH_TOKEN_EXPIRES,
    sessionMaxAgeSeconds: values.SESSION_MAX_AGE,
    refreshRaceWindowSeconds: values.REFRESH_RACE_WINDOW,
    refreshRetriesPerDay: values.REFRESH_RETRIES_PER_DAY,
    database,
    ...hashingOf(values),
    hashQueue: values.HASH_QUEUE,
    loginLimitPerIp: values.LOGIN_LIMIT_PER_IP,
    loginLimitExempt: Object.freeze(readLoginLimitExempt(values, mistakes)),
    loginFreeFailures: values.LOGIN_FREE_FAILURES,
    trustedProxies: Object.freeze(trustedProxies),
    registrationIsOpen: values.REGISTRATION === 'open',
    accountDeletion: values.ACCOUNT_DELETION === 'on',
    passwordForm: values.PASSWORD_FORM === 'on',
    mail: readMail(values, mistakes),
    emailVerification: readEmailVerification(values, mistakes),
    secondFactor: values.SECOND_FACTOR,
    passkeyRpId: readPasskeyRpId(values, [publicUrl, ...cookieOrigins], mistakes),
    cookieOrigins: Object.freeze(cookieOrigins),
    corsOrigins: Object.freeze(readCorsOrigins(values, mistakes)),
    resourceServers: readResourceServers(values, secrets, mistakes),
    sessionsPerUser: values.SESSIONS_PER_USER,
    seedUsersFile: values.SEED_USERS_FILE,
    docs: values.DOCS,
    lab: readLab(values, mistakes),
    metricsPort: values.METRICS_PORT,
    logLevel: values.LOG_LEVEL,
    shutdownGraceSeconds: values.SHUTDOWN_GRACE,
  }
}
