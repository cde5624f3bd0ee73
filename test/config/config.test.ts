/** The configuration: what is accepted (docs/configuration.md). */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { mistakesOf } from '../helpers/config-mistakes.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

const secret = newSecret()

t.test('a secret is all that must be given', async t => {
  const config = loadConfig({ JWT_SECRET_KEY: secret })
  t.match(config, {
    host: '127.0.0.1',
    port: 3000,
    publicUrl: 'http://localhost:3000',
    audience: ['http://localhost:3000'],
    corsOrigins: [],
    secrets: [secret],
    secretIsRandom: false,
    accessTokenSeconds: 900,
    refreshTokenSeconds: 604_800,
    sessionMaxAgeSeconds: 7_776_000,
    refreshRaceWindowSeconds: 30,
    refreshRetriesPerDay: 2,
    sessionsPerUser: 100,
    database: { engine: 'sqlite', path: 'data/signet.db' },
    bcryptCost: 12,
    loginLimitPerIp: 30,
    trustedProxies: [],
    registrationIsOpen: false,
    passwordForm: true,
    docs: false,
    lab: false,
    logLevel: 'info',
    shutdownGraceSeconds: 8,
  })
  t.ok(Object.isFrozen(config) && Object.isFrozen(config.secrets))
})

t.test('an empty variable counts as not set', async t => {
  t.equal(loadConfig({ JWT_SECRET_KEY: secret, PORT: '', PUBLIC_URL: '' }).port, 3000)
  t.match(mistakesOf({ JWT_SECRET_KEY: '' }), [/^JWT_SECRET_KEY is required/])
})

t.test('random makes another secret at every start', async t => {
  const [first, second] = [loadConfig({ JWT_SECRET_KEY: 'random' }), loadConfig({ JWT_SECRET_KEY: 'random' })]
  t.equal(first.secretIsRandom, true)
  t.not(first.secrets[0], second.secrets[0])
})

t.test(
  'passkeys are made for the host of PUBLIC_URL, or what all hosts end in; while off, other hosts are no mistake',
  async t => {
    const idOf = (env: object) => loadConfig({ JWT_SECRET_KEY: secret, ...env }).passkeyRpId
    const two = { PUBLIC_URL: 'https://auth.example.com', COOKIE_ORIGINS: 'https://app.example.com' }
    t.equal(idOf({}), 'localhost')
    t.equal(idOf(two), 'auth.example.com')
    t.equal(idOf({ ...two, PASSKEY_RP_ID: 'example.com', SECOND_FACTOR: 'required' }), 'example.com')
    t.equal(idOf({ PUBLIC_URL: 'https://auth.example.com/path', SECOND_FACTOR: 'optional' }), 'auth.example.com')
  },
)

t.test('trusted proxies are addresses, ranges and groups', async t => {
  const { trustedProxies } = loadConfig({
    JWT_SECRET_KEY: secret,
    TRUSTED_PROXIES: 'loopback, 10.0.0.0/8,fd00::/8,192.0.2.1',
  })
  t.strictSame(trustedProxies, ['loopback', '10.0.0.0/8', 'fd00::/8', '192.0.2.1'])
})

t.test('PUBLIC_URL follows PORT when it is not given', async t => {
  const urlOf = (env: Record<string, string>) => loadConfig({ JWT_SECRET_KEY: secret, ...env }).publicUrl
  t.equal(urlOf({ PORT: '4000' }), 'http://localhost:4000')
  t.equal(urlOf({ PORT: '80' }), 'http://localhost', 'as browsers write it')
  t.equal(urlOf({ PORT: '4000', PUBLIC_URL: 'http://localhost:8080' }), 'http://localhost:8080')
  t.strictSame(loadConfig({ JWT_SECRET_KEY: secret, PORT: '4000' }).audience, ['http://localhost:4000'])
})

t.test('PUBLIC_URL may have a path that everybody reads alike, and nothing else', async t => {
  for (const url of ['https://example.com/auth', 'https://example.com/a/b-c_d.e~f', 'http://localhost:8080/auth']) {
    t.equal(loadConfig({ JWT_SECRET_KEY: secret, PUBLIC_URL: url }).publicUrl, url)
  }
  const paths = ['/', '/auth/', '//auth', '/auth//b', '/./auth', '/a/../auth', '/.', '/%61uth', '/a;b', '/a\\b', '/ä']
  const others = ['?', '/auth?', '/auth?x=1', '#', '/auth#x', '/:id', '/*', '/a b']
  for (const rest of [...paths, ...others]) {
    t.match(mistakesOf({ JWT_SECRET_KEY: secret, PUBLIC_URL: `https://example.com${rest}` }), [/^PUBLIC_URL/], rest)
  }
  for (const url of ['example.com/auth', 'ftp://example.com/auth', 'https://a:b@example.com/auth', 'https:/auth']) {
    t.match(mistakesOf({ JWT_SECRET_KEY: secret, PUBLIC_URL: url }), [/^PUBLIC_URL/], url)
  }
})

t.test('JWT_AUDIENCE may list several names, each once', async t => {
  const audience = (list: string) => loadConfig({ JWT_SECRET_KEY: secret, JWT_AUDIENCE: list }).audience
  t.strictSame(audience('https://api.example.com, orders'), ['https://api.example.com', 'orders'])
  for (const list of ['a,,b', 'a,', ',', 'a,a', 'a, a', 'x'.repeat(1001)]) {
    t.match(mistakesOf({ JWT_SECRET_KEY: secret, JWT_AUDIENCE: list }), [/^JWT_AUDIENCE/], list)
  }
})

t.test('CORS_ORIGINS are exact origins of any site, or every page', async t => {
  const origins = (list: string) => loadConfig({ JWT_SECRET_KEY: secret, CORS_ORIGINS: list }).corsOrigins
  t.strictSame(origins('https://app.example.net, http://localhost:5173'), [
    'https://app.example.net',
    'http://localhost:5173',
  ])
  t.strictSame(origins('*'), ['*'])
  const wrong = [
    '*,https://a.com',
    'https://a.com,*',
    'https://*.a.com',
    'null',
    'https://a.com/',
    'https://A.com',
    ',',
  ]
  for (const list of wrong) {
    t.match(mistakesOf({ JWT_SECRET_KEY: secret, CORS_ORIGINS: list }).slice(0, 1), [/^CORS_ORIGINS: entry/], list)
  }
})

t.test('cookie origins are of the site of PUBLIC_URL, on any port', async t => {
  const sites: [publicUrl: string, same: string[], others: string[]][] = [
    [
      'https://auth.example.com',
      ['https://app.example.com', 'https://example.com', 'https://a.b.example.com:8443', 'https://auth.example.com:1'],
      ['http://app.example.com', 'https://app.example.org', 'https://evilexample.com', 'https://example.com.evil.net'],
    ],
    ['https://example.com', ['https://app.example.com'], ['https://com', 'https://xexample.com', 'https://localhost']],
    ['http://localhost:3000', ['http://localhost:8080', 'http://localhost'], ['http://127.0.0.1:3000']],
    ['http://127.0.0.1:3000', ['http://127.0.0.1:8080'], ['http://10.0.0.1', 'http://localhost:3000']],
    ['http://[::1]:3000', ['http://[::1]'], ['http://[::2]', 'http://[::ffff:7f00:1]']],
  ]
  for (const [publicUrl, same, others] of sites) {
    const env = { JWT_SECRET_KEY: secret, PUBLIC_URL: publicUrl }
    t.strictSame(loadConfig({ ...env, COOKIE_ORIGINS: same.join(', ') }).cookieOrigins, same)
    for (const origin of others) {
      t.match(mistakesOf({ ...env, COOKIE_ORIGINS: origin }), [/must be of the same site as PUBLIC_URL$/], origin)
    }
  }
  t.strictSame(loadConfig({ JWT_SECRET_KEY: secret }).cookieOrigins, [])
})

t.test('a secret may come from a file, but not from two places', async t => {
  const file = join(await temporaryFolder(t), 'secret')
  await writeFile(file, `${secret}\n`)
  t.equal(loadConfig({ JWT_SECRET_KEY_FILE: file }).secrets[0], secret)
  t.match(mistakesOf({ JWT_SECRET_KEY_FILE: file, JWT_SECRET_KEY: secret }), [/^JWT_SECRET_KEY is given twice/])
})
