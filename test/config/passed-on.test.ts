/** Every setting arrives: none is read and then forgotten, for the service as for its commands. */
import t from 'tap'
import { loadCommandConfig, loadConfig, loadKeysConfig, variables } from '../../src/config/config.ts'
import { mistakesOf } from '../helpers/config-mistakes.ts'
import { newSecret } from '../helpers/tokens.ts'

/** Another value than the default, for each. */
const others: Readonly<Record<keyof typeof variables.properties, string>> = {
  HOST: '127.0.0.2',
  PORT: '3001',
  PUBLIC_URL: 'http://localhost:8080',
  JWT_SECRET_KEY: newSecret(),
  JWT_SECRET_KEY_FALLBACK: `${newSecret()},${newSecret()}`,
  JWT_ALGORITHM: 'EdDSA',
  JWT_AUDIENCE: 'a,b',
  JWT_ACCESS_TOKEN_EXPIRES: '600',
  JWT_REFRESH_TOKEN_EXPIRES: '6000',
  SESSION_MAX_AGE: '60000000',
  REFRESH_RACE_WINDOW: '10',
  REFRESH_RETRIES_PER_DAY: '3',
  KEY_ROTATION_DAYS: '30',
  DATABASE_URL: 'postgres://signet:secret@db/signet',
  DATABASE_POOL: '7',
  PASSWORD_HASH: 'argon2id',
  BCRYPT_COST: '13',
  HASH_THREADS: '64',
  HASH_QUEUE: '50',
  PASSWORD_MIN_LENGTH: '15',
  LOGIN_LIMIT_PER_IP: '31',
  LOGIN_LIMIT_EXEMPT: '192.0.2.0/24',
  LOGIN_FREE_FAILURES: '6',
  TRUSTED_PROXIES: '198.51.100.0/24',
  REGISTRATION: 'open',
  ACCOUNT_DELETION: 'off',
  PASSWORD_FORM: 'off',
  SMTP_URL: 'smtp://mail.example.com',
  MAIL_FROM: 'b@example.com',
  MAIL_WEBHOOK_URL: 'https://mail.example.com/hook',
  MAIL_WEBHOOK_SECRET: `whsec_${Buffer.alloc(30, 7).toString('base64')}`,
  RESET_URL: 'https://app.example.com/other',
  VERIFY_URL: 'https://app.example.com/other',
  MAIL_TEMPLATES: '/etc/mails',
  MAIL_LANGUAGE: 'De',
  EMAIL_VERIFICATION: 'required',
  SECOND_FACTOR: 'admins',
  PASSKEY_RP_ID: 'localhost',
  CORS_ORIGINS: 'https://app.example.com',
  COOKIE_ORIGINS: 'http://localhost:4000',
  RESOURCE_SERVERS: `api:${newSecret()}`,
  SESSIONS_PER_USER: '5',
  SEED_USERS_FILE: 'users.ndjson',
  DOCS: 'true',
  LAB: 'true',
  METRICS_PORT: '9090',
  LOG_LEVEL: 'debug',
  SHUTDOWN_GRACE: '9',
}

const plain = { JWT_SECRET_KEY: newSecret() }
const smtp = { SMTP_URL: 'smtp://a', MAIL_FROM: 'a@a.de', RESET_URL: 'http://a/', VERIFY_URL: 'http://a/' }
const webhook = {
  ...{ ...smtp, SMTP_URL: '', MAIL_WEBHOOK_URL: 'https://a' },
  MAIL_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 1).toString('base64')}`,
}

/** Where a variable says something only beside others. */
const beside: Partial<Record<string, Record<string, string>>> = {
  DATABASE_POOL: { DATABASE_URL: 'postgres://signet:secret@db/signet' },
  PASSKEY_RP_ID: { PUBLIC_URL: 'http://a.localhost' },
  ...Object.fromEntries(
    ['SMTP_URL', 'MAIL_FROM', 'RESET_URL', 'VERIFY_URL', 'MAIL_TEMPLATES', 'MAIL_LANGUAGE', 'EMAIL_VERIFICATION'].map(
      name => [name, smtp],
    ),
  ),
  MAIL_WEBHOOK_URL: webhook,
  MAIL_WEBHOOK_SECRET: webhook,
}

t.test('every variable changes what the code sees', async t => {
  for (const [name, value] of Object.entries(others)) {
    const env = { ...plain, ...beside[name] }
    t.notSame(loadConfig({ ...env, [name]: value }), loadConfig(env), name)
  }
})

t.test('commands work with what the service works with', async t => {
  const { MAIL_WEBHOOK_URL: _, MAIL_WEBHOOK_SECRET: __, LAB: ___, ...all } = others
  for (const env of [{ ...plain, ...smtp }, all]) {
    const config = loadConfig(env)
    const { language, ...ofCommands } = loadCommandConfig(env)
    t.equal(language, config.mail?.language)
    for (const shared of [ofCommands, loadKeysConfig(env)]) {
      const asTheService = Object.keys(shared).map(name => [name, config[name as keyof typeof config]])
      t.strictSame(shared, Object.fromEntries(asTheService))
    }
  }
})

t.test('what may just be is accepted, and one beyond it is not', async t => {
  for (const [name, setting] of Object.entries(variables.properties)) {
    const { minimum, maximum } = setting as { readonly minimum?: number; readonly maximum?: number }
    if (minimum === undefined || maximum === undefined) continue
    const told = (value: number) =>
      mistakesOf({ ...plain, [name]: String(value) }).some(line => line.startsWith(`${name} must be a whole number`))
    t.strictSame([minimum - 1, minimum, maximum, maximum + 1].map(told), [true, false, false, true], name)
  }
  const lives = ['JWT_ACCESS_TOKEN_EXPIRES', 'JWT_REFRESH_TOKEN_EXPIRES', 'SESSION_MAX_AGE']
  const alike = Object.fromEntries(lives.map(name => [name, '900']))
  t.strictSame(mistakesOf({ ...plain, ...alike }), [], 'a session without idleness')
  for (const name of lives.slice(0, 2)) {
    t.match(mistakesOf({ ...plain, ...alike, [name]: '901' }), [new RegExp(`^${name} must not be longer than`)])
  }
  const bytes = (count: number) => `whsec_${Buffer.alloc(count, 7).toString('base64')}`
  for (const [name, good, bad] of [
    ['JWT_SECRET_KEY', newSecret().slice(0, 32), newSecret().slice(0, 31)],
    ['RESOURCE_SERVERS', `api:${newSecret().slice(0, 32)}`, `api:${newSecret().slice(0, 31)}`],
    ['MAIL_WEBHOOK_SECRET', bytes(24), bytes(23)],
    ['MAIL_WEBHOOK_SECRET', bytes(64), bytes(65)],
    ['JWT_AUDIENCE', 'x'.repeat(1000), 'x'.repeat(1001)],
  ] as const) {
    const env = { ...plain, ...(name.startsWith('MAIL') && webhook) }
    t.strictSame(mistakesOf({ ...env, [name]: good }), [], name)
    t.match(mistakesOf({ ...env, [name]: bad }), [new RegExp(`^${name}`)], name)
  }
})
