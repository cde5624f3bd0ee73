/**
 * The configuration: environment variables only, read once. A mistake stops the start; no message ever holds a value.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox'
import { type EnvSchemaOpt, envSchema } from 'env-schema'
import {
  readCookieOrigins,
  readDatabase,
  readPublicUrl,
  readResourceServers,
  readSecrets,
  readTrustedProxies,
} from './config-rules.ts'
import type { Database } from './database-url.ts'
import { type Variables, variables } from './variables.ts'

export { variables } from './variables.ts'

export interface Config {
  readonly host: string
  readonly port: number
  readonly publicUrl: string
  readonly audience: string
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
  readonly loginFreeFailures: number
  readonly trustedProxies: readonly string[]
  readonly registrationIsOpen: boolean
  readonly passwordForm: boolean
  /** Further origins whose pages may use cookies. */
  readonly cookieOrigins: readonly string[]
  /** id → secret of the services that may introspect. */
  readonly resourceServers: ReadonlyMap<string, string>
  readonly seedUsersFile: string | undefined
  readonly docs: boolean
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

const ofCommands = Type.Pick(variables, [
  'DATABASE_URL',
  'PASSWORD_HASH',
  'BCRYPT_COST',
  'HASH_THREADS',
  'PASSWORD_MIN_LENGTH',
])

/** What acts on users and sessions need, wherever they are called from. */
export type CommandConfig = Pick<
  Config,
  'database' | 'passwordHash' | 'bcryptCost' | 'hashThreads' | 'passwordMinLength'
>

/**
 * Reads what the command line needs of the same environment: where the users are, and how passwords are hashed. It
 * checks no password and makes no token, so it neither asks for the secret nor judges how the service is reached.
 * @throws {ConfigError}
 */
export function loadCommandConfig(env: Readonly<Record<string, string | undefined>>): CommandConfig {
  const mistakes: string[] = []
  const values = checkVariables(ofCommands, readVariables(ofCommands, env, mistakes), mistakes)
  const config = { ...hashingOf(values), database: readDatabase(values, mistakes) }
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

/** An empty variable counts as not set, as compose files and shells write it. */
function readVariables(
  schema: TObject,
  env: Readonly<Record<string, string | undefined>>,
  mistakes: string[],
): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, variable] of Object.entries<TSchema>(schema.properties)) {
    if (env[name]) given[name] = env[name]
    const file = variable['fromFile'] ? env[`${name}_FILE`] : undefined
    if (!file) continue
    if (env[name]) {
      mistakes.push(`${name} is given twice: unset either ${name} or ${name}_FILE`)
      continue
    }
    try {
      given[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    } catch (error) {
      mistakes.push(`${name}_FILE names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  return given
}

/** Variables that are not valid are named and then left out, so that the others can be judged as well. */
function checkVariables<T extends TObject>(schema: T, given: Record<string, string>, mistakes: string[]): Static<T> {
  const check = (data: Record<string, string>) =>
    envSchema<Static<T>>({ schema, data, env: false, ajv: { customOptions: withOwnKeywords } })
  try {
    return check(given)
  } catch (error) {
    const found = (error as { errors?: { instancePath: string }[] }).errors
    if (!found) throw error
    const wrong = new Set(found.map(({ instancePath }) => instancePath.slice(1)))
    for (const name of wrong) {
      mistakes.push(`${name} ${expectation((schema.properties as Record<string, TSchema>)[name])}`)
    }
    return check(Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name))))
  }
}

type AjvInstance =
  NonNullable<EnvSchemaOpt['ajv']> extends infer A
    ? A extends { customOptions(instance: infer I): unknown }
      ? I
      : never
    : never

function withOwnKeywords(ajv: AjvInstance): AjvInstance {
  return ajv.addKeyword('fromFile').addKeyword('shown')
}

function expectation(schema: TSchema | undefined): string {
  if (schema?.type === 'integer') return `must be a whole number from ${schema['minimum']} to ${schema['maximum']}`
  if (schema?.type === 'boolean') return 'must be true or false'
  if (schema?.['anyOf']) return `must be one of ${schema['anyOf'].map((one: TSchema) => one['const']).join(', ')}`
  return 'is not valid'
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

  return {
    host: values.HOST,
    port: values.PORT,
    publicUrl,
    audience: values.JWT_AUDIENCE ?? publicUrl,
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
    loginFreeFailures: values.LOGIN_FREE_FAILURES,
    trustedProxies: Object.freeze(trustedProxies),
    registrationIsOpen: values.REGISTRATION === 'open',
    passwordForm: values.PASSWORD_FORM === 'on',
    cookieOrigins: Object.freeze(cookieOrigins),
    resourceServers: readResourceServers(values, mistakes),
    seedUsersFile: values.SEED_USERS_FILE,
    docs: values.DOCS,
    logLevel: values.LOG_LEVEL,
    shutdownGraceSeconds: values.SHUTDOWN_GRACE,
  }
}
