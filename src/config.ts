/**
 * The configuration: environment variables only. One schema gives the type, the check, the messages and (by a test) the
 * table in docs/configuration.md and .env.example. A mistake stops the start; no message ever holds a value.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { type EnvSchemaOpt, envSchema } from 'env-schema'
import { secretWeakness } from './keys/secret.ts'

const seconds = (title: string, value: number, minimum: number, maximum: number) =>
  Type.Integer({ title, default: value, minimum, maximum })

const year = 31_536_000

/**
 * Every variable in the order of the documents. `title` is its meaning, `shown` a default that is worked out below,
 * and `fromFile` allows `NAME_FILE` instead.
 */
export const variables = Type.Object({
  HOST: Type.String({ title: 'address to listen on', default: '127.0.0.1', pattern: '^[A-Za-z0-9.:_-]+$' }),
  PORT: Type.Integer({ title: 'port to listen on', default: 3000, minimum: 0, maximum: 65535 }),
  PUBLIC_URL: Type.Optional(
    Type.String({
      title: 'issuer (`iss`): the origin clients see; required when `HOST` is not loopback',
      shown: 'http://localhost:3000',
    }),
  ),
  JWT_SECRET_KEY: Type.Optional(
    Type.String({ title: 'signs tokens: at least 32 random bytes, or `random` for practice', fromFile: true }),
  ),
  JWT_SECRET_KEY_FALLBACK: Type.Optional(
    Type.String({ title: 'former or coming secrets, comma-separated: they verify, they never sign', fromFile: true }),
  ),
  JWT_AUDIENCE: Type.Optional(Type.String({ title: '`aud` of access tokens', shown: 'PUBLIC_URL' })),
  JWT_ACCESS_TOKEN_EXPIRES: seconds('lifetime of an access token in seconds', 900, 1, 86_400),
  JWT_REFRESH_TOKEN_EXPIRES: seconds('seconds of idleness after which a session ends', 604_800, 1, year),
  SESSION_MAX_AGE: seconds('seconds after login at which a session ends whatever happens', 7_776_000, 1, 10 * year),
  REFRESH_RACE_WINDOW: seconds('seconds in which repeating a refresh is harmless', 30, 0, 60),
  REFRESH_RETRIES_PER_DAY: Type.Integer({
    title: 'lost-response retries of one session in 24 h; 0 = none',
    default: 2,
    minimum: 0,
    maximum: 1000,
  }),
  DATABASE_URL: Type.String({
    title: '`sqlite:PATH` or `sqlite::memory:`',
    default: 'sqlite:data/signet.db',
    fromFile: true,
  }),
  BCRYPT_COST: Type.Integer({ title: 'bcrypt cost of new hashes', default: 12, minimum: 10, maximum: 15 }),
  HASH_THREADS: Type.Optional(
    Type.Integer({ title: 'threads that hash passwords', shown: 'cores', minimum: 1, maximum: 64 }),
  ),
  HASH_QUEUE: Type.Optional(
    Type.Integer({
      title: 'logins that may wait for a thread; beyond that 503',
      shown: 'two seconds of work, at least 8',
      minimum: 0,
      maximum: 100_000,
    }),
  ),
  LOGIN_LIMIT_PER_IP: Type.Integer({
    title: 'login attempts a minute from one address (IPv6: one /64); 0 = off, for load tests',
    default: 30,
    minimum: 0,
    maximum: 1_000_000,
  }),
  TRUSTED_PROXIES: Type.Optional(
    Type.String({ title: 'CIDRs of your gateways, or `loopback`, `linklocal`, `uniquelocal`, comma-separated' }),
  ),
  PASSWORD_FORM: Type.Union([Type.Literal('on'), Type.Literal('off')], {
    title: '`off` refuses the OAuth 2.0 password form, leaving JSON logins',
    default: 'on',
  }),
  SEED_USERS_FILE: Type.Optional(Type.String({ title: 'NDJSON of users, read only while there is no user at all' })),
  DOCS: Type.Boolean({ title: 'Swagger UI at `/docs` and `/openapi.json`', default: false }),
  LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map(level => Type.Literal(level)),
    { title: 'least severe level that is logged', default: 'info' },
  ),
  SHUTDOWN_GRACE: seconds('seconds a stop may take in all; readiness fails at once', 8, 0, 600),
})

type Variables = Static<typeof variables>

export interface Config {
  readonly host: string
  readonly port: number
  readonly publicUrl: string
  readonly audience: string
  /** The first signs, all verify. */
  readonly secrets: readonly [string, ...string[]]
  /** The secret was made for this start only: tokens do not outlive the process. */
  readonly secretIsRandom: boolean
  readonly accessTokenSeconds: number
  readonly refreshTokenSeconds: number
  readonly sessionMaxAgeSeconds: number
  readonly refreshRaceWindowSeconds: number
  readonly refreshRetriesPerDay: number
  /** `:memory:` or a path. */
  readonly sqlitePath: string
  readonly bcryptCost: number
  readonly hashThreads: number
  /** undefined: two seconds of work, at least 8. */
  readonly hashQueue: number | undefined
  readonly loginLimitPerIp: number
  readonly trustedProxies: readonly string[]
  readonly passwordForm: boolean
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
  const given = readVariables(env, mistakes)
  const values = checkVariables(given, mistakes)

  const config = values && assemble(values, mistakes)
  if (!config || mistakes.length > 0) throw new ConfigError(mistakes)
  return Object.freeze(config)
}

/** An empty variable counts as not set, as compose files and shells write it. */
function readVariables(env: Readonly<Record<string, string | undefined>>, mistakes: string[]): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, schema] of Object.entries<TSchema>(variables.properties)) {
    if (env[name]) given[name] = env[name]
    const file = schema['fromFile'] ? env[`${name}_FILE`] : undefined
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

function checkVariables(given: Record<string, string>, mistakes: string[]): Variables | undefined {
  try {
    return envSchema<Variables>({ schema: variables, data: given, env: false, ajv: { customOptions: withOwnKeywords } })
  } catch (error) {
    const found = (error as { errors?: { instancePath: string; keyword: string; message?: string; params: object }[] })
      .errors
    if (!found) throw error
    const wrong = new Map<string, string>()
    for (const { instancePath } of found) {
      const name = instancePath.slice(1)
      wrong.set(name, `${name} ${expectation((variables.properties as Record<string, TSchema>)[name])}`)
    }
    mistakes.push(...wrong.values())
    return undefined
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
  const { secrets, secretIsRandom } = readSecrets(values, mistakes)
  const sqlitePath = readDatabaseUrl(values, mistakes)
  const trustedProxies = readTrustedProxies(values, mistakes)

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
    secrets,
    secretIsRandom,
    accessTokenSeconds: values.JWT_ACCESS_TOKEN_EXPIRES,
    refreshTokenSeconds: values.JWT_REFRESH_TOKEN_EXPIRES,
    sessionMaxAgeSeconds: values.SESSION_MAX_AGE,
    refreshRaceWindowSeconds: values.REFRESH_RACE_WINDOW,
    refreshRetriesPerDay: values.REFRESH_RETRIES_PER_DAY,
    sqlitePath,
    bcryptCost: values.BCRYPT_COST,
    hashThreads: values.HASH_THREADS ?? availableParallelism(),
    hashQueue: values.HASH_QUEUE,
    loginLimitPerIp: values.LOGIN_LIMIT_PER_IP,
    trustedProxies: Object.freeze(trustedProxies),
    passwordForm: values.PASSWORD_FORM === 'on',
    seedUsersFile: values.SEED_USERS_FILE,
    docs: values.DOCS,
    logLevel: values.LOG_LEVEL,
    shutdownGraceSeconds: values.SHUTDOWN_GRACE,
  }
}

/** The issuer is configured, never taken from a request (RFC 8414 section 2: no query, no fragment). */
function readPublicUrl({ PUBLIC_URL, HOST }: Variables, mistakes: string[]): string {
  if (PUBLIC_URL === undefined) {
    if (!isLoopback(HOST)) {
      mistakes.push(
        'PUBLIC_URL is required when HOST is not loopback: the origin that clients see, as in https://auth.example.com',
      )
    }
    return 'http://localhost:3000'
  }
  const url = URL.canParse(PUBLIC_URL) ? new URL(PUBLIC_URL) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== PUBLIC_URL) {
    mistakes.push('PUBLIC_URL must be an origin without path, query or trailing slash, as in https://auth.example.com')
  }
  return PUBLIC_URL
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function readSecrets(
  { JWT_SECRET_KEY, JWT_SECRET_KEY_FALLBACK }: Variables,
  mistakes: string[],
): Pick<Config, 'secrets' | 'secretIsRandom'> {
  const secretIsRandom = JWT_SECRET_KEY === 'random'
  const secret = secretIsRandom ? randomBytes(32).toString('base64url') : JWT_SECRET_KEY
  const fallbacks = JWT_SECRET_KEY_FALLBACK?.split(',').map(one => one.trim()) ?? []

  const make = 'make one with: openssl rand -base64 48'
  if (secret === undefined) mistakes.push(`JWT_SECRET_KEY is required; ${make}`)
  const weakness = secret && secretWeakness(secret)
  if (weakness) mistakes.push(`JWT_SECRET_KEY ${weakness}; ${make}`)
  for (const [index, fallback] of fallbacks.entries()) {
    const reason = fallback === secret ? 'repeats JWT_SECRET_KEY' : secretWeakness(fallback)
    if (reason) mistakes.push(`JWT_SECRET_KEY_FALLBACK: secret ${index + 1} of ${fallbacks.length} ${reason}`)
  }
  if (new Set(fallbacks).size < fallbacks.length) mistakes.push('JWT_SECRET_KEY_FALLBACK lists a secret twice')
  return { secrets: Object.freeze([secret ?? '', ...fallbacks] as const) as [string, ...string[]], secretIsRandom }
}

function readDatabaseUrl({ DATABASE_URL }: Variables, mistakes: string[]): string {
  const path = /^sqlite:(?!\/\/)(.+)$/.exec(DATABASE_URL)?.[1]
  if (path === undefined) mistakes.push('DATABASE_URL must be sqlite:PATH or sqlite::memory:')
  return path ?? ':memory:'
}

const addressGroups = new Set(['loopback', 'linklocal', 'uniquelocal'])

/** Hop counts and `true` believe whatever a client writes, so only addresses are accepted. */
function readTrustedProxies({ TRUSTED_PROXIES }: Variables, mistakes: string[]): string[] {
  const proxies = TRUSTED_PROXIES?.split(',').map(one => one.trim()) ?? []
  if (!proxies.every(isAddressRange)) {
    mistakes.push(
      'TRUSTED_PROXIES must list addresses or CIDRs of gateways, as in 10.0.0.0/8, or loopback, linklocal, uniquelocal; not a number, true or everything',
    )
  }
  return proxies
}

function isAddressRange(range: string): boolean {
  if (addressGroups.has(range)) return true
  const [address = '', prefix, ...rest] = range.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128)
}
