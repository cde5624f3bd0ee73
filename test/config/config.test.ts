/** The configuration: what is accepted, and how a mistake is told (docs/configuration.md). */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config/config.ts'
import { newSecret, root } from '../helpers/app.ts'
import { environment, temporaryFolder } from '../helpers/process.ts'

const secret = newSecret()

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
}

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

const bad: [string, Record<string, string>, RegExp][] = [
  ['a missing secret', { JWT_SECRET_KEY: '' }, /^JWT_SECRET_KEY is required/],
  ['a short secret', { JWT_SECRET_KEY: secret.slice(0, 31) }, /^JWT_SECRET_KEY is shorter than 32 bytes/],
  ['a trivial secret', { JWT_SECRET_KEY: 'x'.repeat(64) }, /^JWT_SECRET_KEY has too few/],
  ['a short fallback', { JWT_SECRET_KEY_FALLBACK: 'short' }, /^JWT_SECRET_KEY_FALLBACK: secret 1 of 1 is shorter/],
  ['a weak second fallback', { JWT_SECRET_KEY_FALLBACK: `${newSecret()},${'ab'.repeat(20)}` }, /secret 2 of 2/],
  ['the secret as its own fallback', { JWT_SECRET_KEY_FALLBACK: secret }, /repeats JWT_SECRET_KEY/],
  ['random as a fallback', { JWT_SECRET_KEY_FALLBACK: 'random' }, /is shorter than 32 bytes/],
  ['a hop count', { TRUSTED_PROXIES: '1' }, /^TRUSTED_PROXIES must list/],
  ['trust in everybody', { TRUSTED_PROXIES: 'true' }, /^TRUSTED_PROXIES must list/],
  ['trust in every address', { TRUSTED_PROXIES: '0.0.0.0/0' }, /^TRUSTED_PROXIES must list/],
  ['a prefix that is too long', { TRUSTED_PROXIES: '10.0.0.0/33' }, /^TRUSTED_PROXIES must list/],
  ['an exemption of everybody', { LOGIN_LIMIT_EXEMPT: '192.0.2.1,0.0.0.0/0' }, /^LOGIN_LIMIT_EXEMPT must list/],
  ['an exemption of a group of gateways', { LOGIN_LIMIT_EXEMPT: 'loopback' }, /^LOGIN_LIMIT_EXEMPT must list/],
  ['an issuer with a query', { PUBLIC_URL: 'https://auth.example.com?x' }, /^PUBLIC_URL must be an origin/],
  ['an issuer with a slash', { PUBLIC_URL: 'https://auth.example.com/' }, /^PUBLIC_URL must be an origin/],
  ['an issuer of another scheme', { PUBLIC_URL: 'ftp://auth.example.com' }, /^PUBLIC_URL must be an origin/],
  [
    'the lab at a public address',
    { LAB: 'true', HOST: '0.0.0.0', PUBLIC_URL: 'http://localhost' },
    /^LAB must not be true when HOST/,
  ],
  [
    'the lab for everybody',
    { LAB: 'true', PUBLIC_URL: 'https://example.com' },
    /^LAB must not be true when PUBLIC_URL/,
  ],
  [
    'the lab behind a gateway',
    { LAB: 'true', TRUSTED_PROXIES: 'loopback' },
    /^LAB must not be true when TRUSTED_PROXIES/,
  ],
  [
    'the lab beside PostgreSQL',
    { LAB: 'true', DATABASE_URL: 'postgres://u:p@localhost/d' },
    /^LAB must not be true when DATABASE_URL/,
  ],
  ['a public address without an issuer', { HOST: '0.0.0.0' }, /^PUBLIC_URL is required/],
  ['a port out of range', { PORT: '70000' }, /^PORT must be a whole number from 0 to 65535/],
  ['a port in words', { PORT: 'http' }, /^PORT must be a whole number/],
  ['a fraction', { JWT_ACCESS_TOKEN_EXPIRES: '1.5' }, /^JWT_ACCESS_TOKEN_EXPIRES must be a whole number/],
  ['a long race window', { REFRESH_RACE_WINDOW: '61' }, /^REFRESH_RACE_WINDOW must be a whole number from 0 to 60/],
  ['a cheap hash', { BCRYPT_COST: '9' }, /^BCRYPT_COST must be a whole number from 10 to 15/],
  ['a switch that is neither', { DOCS: 'yes' }, /^DOCS must be true or false/],
  ['an unknown level', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be one of fatal, error/],
  ['access longer than refresh', { JWT_ACCESS_TOKEN_EXPIRES: '600', JWT_REFRESH_TOKEN_EXPIRES: '60' }, /longer than/],
  ['refresh longer than the session', { SESSION_MAX_AGE: '1000' }, /^JWT_REFRESH_TOKEN_EXPIRES must not be longer/],
  ['another database', { DATABASE_URL: 'mysql://localhost/x' }, /^DATABASE_URL must be sqlite/],
  ['a database without a name', { DATABASE_URL: `postgres://u:${secret}@db` }, /^DATABASE_URL must be like postgres:/],
  [
    'a secret of each start for a database of many',
    { JWT_SECRET_KEY: 'random', DATABASE_URL: 'postgres://u@db/x' },
    /^JWT_SECRET_KEY must not be random with PostgreSQL/,
  ],
  ...['ES256', 'EdDSA', 'RS256'].map((algorithm): [string, Record<string, string>, RegExp] => [
    `a secret of each start for keys of ${algorithm}, which outlive it`,
    { JWT_SECRET_KEY: 'random', JWT_ALGORITHM: algorithm },
    /^JWT_SECRET_KEY must not be random with JWT_ALGORITHM/,
  ]),
  [
    'a resource server with our secret',
    { RESOURCE_SERVERS: `a:${secret}` },
    /^RESOURCE_SERVERS: entry 1 has a secret of/,
  ],
  ['a name that begins like loopback', { HOST: '127.example.com' }, /^PUBLIC_URL is required/],
  ['names that fill a token', { JWT_AUDIENCE: 'x'.repeat(1001) }, /^JWT_AUDIENCE is longer than 1,000/],
  [
    'a page over http beside https',
    { PUBLIC_URL: 'https://a.example.com', COOKIE_ORIGINS: 'http://a.example.com' },
    /site/,
  ],
  ['pages of any origin', { COOKIE_ORIGINS: '*' }, /^COOKIE_ORIGINS: entry 1 of 1 must be an origin/],
  ['pages without an origin', { COOKIE_ORIGINS: 'null' }, /^COOKIE_ORIGINS: entry 1 of 1 must be an origin/],
  ['a pattern of origins', { COOKIE_ORIGINS: 'http://*.localhost' }, /^COOKIE_ORIGINS: entry 1 of 1 must be an origin/],
  ['an origin with a slash', { COOKIE_ORIGINS: 'http://localhost:1,http://localhost:2/' }, /: entry 2 of 2 must be an/],
  ['an origin in capitals', { COOKIE_ORIGINS: 'http://LOCALHOST' }, /^COOKIE_ORIGINS: entry 1 of 1 must be an origin/],
  [
    'nothing behind a comma',
    { COOKIE_ORIGINS: 'http://localhost:1,' },
    /^COOKIE_ORIGINS: entry 2 of 2 must be an origin/,
  ],
  [
    'a host that is no neighbour',
    { COOKIE_ORIGINS: 'http://example.com' },
    /^COOKIE_ORIGINS: entry 1 of 1 .*same site/,
  ],
  [
    'a host of passkeys that pages do not end in',
    { PUBLIC_URL: 'https://auth.example.com', PASSKEY_RP_ID: 'example.org' },
    /^PASSKEY_RP_ID must be what the hosts of PUBLIC_URL and COOKIE_ORIGINS all end in/,
  ],
  [
    'half a label of a host for passkeys',
    { PUBLIC_URL: 'https://auth.example.com', PASSKEY_RP_ID: 'ample.com' },
    /^PASSKEY_RP_ID must be what/,
  ],
  [
    'the end of an address for passkeys',
    { PUBLIC_URL: 'https://192.0.2.1', PASSKEY_RP_ID: '2.1' },
    /^PASSKEY_RP_ID must be what/,
  ],
  [
    'a page that passkeys are not made for',
    {
      PUBLIC_URL: 'https://auth.example.com',
      COOKIE_ORIGINS: 'https://app.example.com',
      PASSKEY_RP_ID: 'auth.example.com',
    },
    /^PASSKEY_RP_ID must be what/,
  ],
  [
    'passkeys on two hosts without a name for both',
    {
      PUBLIC_URL: 'https://auth.example.com',
      COOKIE_ORIGINS: 'https://app.example.com',
      SECOND_FACTOR: 'optional',
    },
    /^PASSKEY_RP_ID must be what/,
  ],
  ['a host of passkeys with a port', { PASSKEY_RP_ID: 'localhost:3000' }, /^PASSKEY_RP_ID/],
  ['metrics on the port of the service', { PORT: '4000', METRICS_PORT: '4000' }, /^METRICS_PORT must not be the same/],
  ['metrics on its default port', { METRICS_PORT: '3000' }, /^METRICS_PORT must not be the same as PORT/],
  ['metrics on any port', { METRICS_PORT: '0' }, /^METRICS_PORT must be a whole number from 1 to 65535/],
  ['a file that is missing', { DATABASE_URL_FILE: '/nowhere/url' }, /^DATABASE_URL_FILE names a file .*ENOENT/],
]

for (const [what, env, message] of bad) {
  t.test(`${what} is one clear mistake`, async t => {
    const mistakes = mistakesOf({ JWT_SECRET_KEY: secret, ...env })
    t.equal(mistakes.length, 1, mistakes.join('\n'))
    t.match(mistakes[0], message)
    t.notOk(mistakes[0]?.includes(secret))
  })
}

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

/** Of a start that fails. */
async function start(env: Record<string, string>): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, ['src/server.ts'], { cwd: root, env: environment(env) })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const [code] = await once(child, 'close') // by then all of its output is here
  return { code, output }
}

t.test('a start with mistakes names them all, one line each, without a secret, and exits with 1', async t => {
  const env = { JWT_SECRET_KEY: 'hunter2-hunter2', PORT: '-1', HOST: '0.0.0.0', TRUSTED_PROXIES: '2' }
  const { code, output } = await start(env)
  t.equal(code, 1)
  const lines = output.trim().split('\n')
  for (const name of ['PORT', 'HOST', 'JWT_SECRET_KEY', 'TRUSTED_PROXIES']) {
    t.equal(lines.filter(line => line.includes(name)).length, 1, name)
  }
  t.equal(lines.length, 4)
  t.ok(lines.every(line => line.startsWith('signet: ')))
  t.notMatch(output, /hunter2/)
})

t.test('what else is in the way of a start is one line too', async t => {
  const holder = createServer().listen(0, '127.0.0.1')
  t.teardown(() => holder.close())
  await once(holder, 'listening')
  const { port } = holder.address() as { port: number }
  const env = { JWT_SECRET_KEY: secret, DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'silent' }
  for (const [given, line] of [
    [{ PORT: String(port) }, /^signet: listen EADDRINUSE: [^\n]*\n$/],
    [{ SEED_USERS_FILE: '/nowhere/a\nb' }, /^signet: SEED_USERS_FILE: ENOENT: [^\n]*\n$/],
  ] as const) {
    t.match(await start({ ...env, ...given }), { code: 1, output: line })
  }
})
