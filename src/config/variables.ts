/** Every environment variable: the one schema behind the type, the check, the messages and the documents. */
import { type Static, Type } from '../base/schema.ts'

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
      title: 'issuer (`iss`): the origin clients see, with a path if any; required when `HOST` is not loopback',
      shown: 'http://localhost:PORT',
    }),
  ),
  JWT_SECRET_KEY: Type.Optional(
    Type.String({ title: 'signs tokens: at least 32 random bytes, or `random` for practice', fromFile: true }),
  ),
  JWT_SECRET_KEY_FALLBACK: Type.Optional(
    Type.String({ title: 'former or coming secrets, comma-separated: they verify, they never sign', fromFile: true }),
  ),
  JWT_ALGORITHM: Type.Union(
    (['HS256', 'ES256', 'EdDSA', 'RS256'] as const).map(algorithm => Type.Literal(algorithm)),
    { title: 'how access tokens are signed: `HS256`, `ES256`, `EdDSA` or `RS256`', default: 'HS256' },
  ),
  JWT_AUDIENCE: Type.Optional(
    Type.String({ title: '`aud` of access tokens; several, comma-separated, become an array', shown: 'PUBLIC_URL' }),
  ),
  JWT_ACCESS_TOKEN_EXPIRES: seconds('lifetime of an access token in seconds', 900, 5, 86_400),
  JWT_REFRESH_TOKEN_EXPIRES: seconds('seconds of idleness after which a session ends', 604_800, 1, year),
  SESSION_MAX_AGE: seconds('seconds after login at which a session ends whatever happens', 7_776_000, 1, 10 * year),
  REFRESH_RACE_WINDOW: seconds('seconds in which repeating a refresh is harmless', 30, 0, 60),
  REFRESH_RETRIES_PER_DAY: Type.Integer({
    title: 'lost-response retries of one session in 24 h; 0 = none',
    default: 2,
    minimum: 0,
    maximum: 1000,
  }),
  KEY_ROTATION_DAYS: Type.Integer({
    title: 'days until a new signing key takes over (not under HS256); 0 = by command only',
    default: 90,
    minimum: 0,
    maximum: 3650,
  }),
  DATABASE_URL: Type.String({
    title: '`sqlite:PATH`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, also with several hosts',
    default: 'sqlite:data/signet.db',
    fromFile: true,
  }),
  DATABASE_POOL: Type.Integer({
    title: 'connections of one instance to PostgreSQL; a request waits for a free one, in turn',
    default: 10,
    minimum: 2,
    maximum: 200,
  }),
  PASSWORD_HASH: Type.Union([Type.Literal('bcrypt'), Type.Literal('argon2id')], {
    title: 'scheme of new hashes: `bcrypt` or `argon2id`; others are replaced at the next login',
    default: 'bcrypt',
  }),
  BCRYPT_COST: Type.Integer({ title: 'bcrypt cost of new hashes, 10 to 15', default: 12, minimum: 10, maximum: 15 }),
  HASH_THREADS: Type.Optional(
    Type.Integer({ title: 'threads that hash passwords, 1 to 64', shown: 'cores', minimum: 1, maximum: 64 }),
  ),
  HASH_QUEUE: Type.Optional(
    Type.Integer({
      title: 'logins that may wait for a thread, 0 to 100,000; beyond that 503',
      shown: 'two seconds of work, at least 8',
      minimum: 0,
      maximum: 100_000,
    }),
  ),
  PASSWORD_MIN_LENGTH: Type.Integer({
    title: 'least number of characters of a new password',
    default: 8,
    minimum: 8,
    maximum: 64,
  }),
  LOGIN_LIMIT_PER_IP: Type.Integer({
    title: 'login attempts a minute from one address (IPv6: one /64); 0 = off, for load tests',
    default: 30,
    minimum: 0,
    maximum: 1_000_000,
  }),
  LOGIN_LIMIT_EXEMPT: Type.Optional(
    Type.String({
      title:
        'CIDRs whose many users share one address (an office, a school), comma-separated: no limit per address and no share of the hash queue',
    }),
  ),
  LOGIN_FREE_FAILURES: Type.Integer({
    title: 'wrong passwords in a row before an account must wait; 0 = off, for load tests',
    default: 5,
    minimum: 0,
    maximum: 1000,
  }),
  TRUSTED_PROXIES: Type.Optional(
    Type.String({ title: 'CIDRs of your gateways, or `loopback`, `linklocal`, `uniquelocal`, comma-separated' }),
  ),
  REGISTRATION: Type.Union([Type.Literal('closed'), Type.Literal('open')], {
    title: '`open` lets anyone `POST /register`',
    default: 'closed',
  }),
  ACCOUNT_DELETION: Type.Union([Type.Literal('on'), Type.Literal('off')], {
    title: '`off` forbids users to delete themselves',
    default: 'on',
  }),
  PASSWORD_FORM: Type.Union([Type.Literal('on'), Type.Literal('off')], {
    title: '`off` refuses the OAuth 2.0 password form, leaving JSON logins',
    default: 'on',
  }),
  SMTP_URL: Type.Optional(
    Type.String({
      title:
        'the server that takes mail: `smtp://` (STARTTLS required, unless `?tls=off`) or `smtps://`, with `USER:PASSWORD@`; `memory:` = a mailbox of this process, only with `LAB`',
      fromFile: true,
    }),
  ),
  MAIL_FROM: Type.Optional(
    Type.String({
      title: 'the address that mail comes from, also as `Name <address>`; required with mail',
    }),
  ),
  MAIL_WEBHOOK_URL: Type.Optional(
    Type.String({
      title: 'instead of `SMTP_URL`: each mail goes there as signed JSON (Standard Webhooks); https, or on loopback',
      fromFile: true,
    }),
  ),
  MAIL_WEBHOOK_SECRET: Type.Optional(
    Type.String({
      title: 'signs it: `whsec_` and 24 to 64 random bytes in base64',
      fromFile: true,
    }),
  ),
  RESET_URL: Type.Optional(
    Type.String({
      title: 'your page for a new password, which gets `#token=…`; required with mail',
    }),
  ),
  VERIFY_URL: Type.Optional(
    Type.String({
      title:
        'your page for the links that prove an address or undo a change of it, which gets `#token=…`; required with mail',
    }),
  ),
  MAIL_TEMPLATES: Type.Optional(
    Type.String({
      title: 'a folder of templates that replace the ones that come along',
    }),
  ),
  MAIL_LANGUAGE: Type.String({
    title:
      "the language of a mail when the reader's browser asks for none that there is, and of what the command line leads to",
    default: 'en',
    pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$',
  }),
  EMAIL_VERIFICATION: Type.Optional(
    Type.Union([Type.Literal('off'), Type.Literal('optional'), Type.Literal('required')], {
      title: 'whether who registers proves the address: `off`, `optional`, or `required` before the account is there',
      shown: 'optional with mail, else off',
    }),
  ),
  SECOND_FACTOR: Type.Union(
    (['off', 'optional', 'required', 'admins'] as const).map(mode => Type.Literal(mode)),
    {
      title:
        'who adds a second factor: nobody more (`off`; stored ones are asked for), whoever wants (`optional`), everybody (`required`), or administrators must and others may (`admins`)',
      default: 'off',
    },
  ),
  PASSKEY_RP_ID: Type.Optional(
    Type.String({
      title: 'what passkeys are made for: a host that all pages that use them end in',
      shown: 'host of PUBLIC_URL',
      pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$',
    }),
  ),
  CORS_ORIGINS: Type.Optional(
    Type.String({
      title: 'origins of any site whose pages may use bearer tokens (never cookies), comma-separated; `*` = every page',
    }),
  ),
  COOKIE_ORIGINS: Type.Optional(
    Type.String({
      title: 'further origins whose pages may use cookies, of the same site as `PUBLIC_URL`, comma-separated',
    }),
  ),
  RESOURCE_SERVERS: Type.Optional(
    Type.String({
      title:
        '`id:secret,…` of the services that may introspect and follow `/revocations`; secrets of 32 characters or more',
      fromFile: true,
    }),
  ),
  SESSIONS_PER_USER: Type.Integer({
    title: 'live sessions of one user; a login beyond it ends the one unused longest',
    default: 100,
    minimum: 1,
    maximum: 10_000,
  }),
  SEED_USERS_FILE: Type.Optional(
    Type.String({ title: 'NDJSON of users, read once in the life of a database, and only while it has none' }),
  ),
  DOCS: Type.Boolean({ title: 'Swagger UI at `/docs` and `/openapi.json`', default: false }),
  LAB: Type.Boolean({
    title: 'the page at `/lab` on which tokens are seen to live, for practice only',
    default: false,
  }),
  METRICS_PORT: Type.Optional(
    Type.Integer({
      title: 'port of a second listener with Prometheus metrics at `/metrics`',
      minimum: 1,
      maximum: 65535,
    }),
  ),
  LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map(level => Type.Literal(level)),
    { title: 'least severe level that is logged', default: 'info' },
  ),
  SHUTDOWN_GRACE: seconds('seconds a stop may take in all; readiness fails at once', 8, 0, 600),
})

export type Variables = Static<typeof variables>
