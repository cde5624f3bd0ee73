/** How a mistake of the configuration is told, by its name and without its secrets (docs/configuration.md). */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { mistakesOf } from '../helpers/config-mistakes.ts'
import { root } from '../helpers/places.ts'
import { environment } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

const secret = newSecret()
const former = newSecret()

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
  ['trust in every address, as IPv6 writes it', { TRUSTED_PROXIES: '::ffff:0.0.0.0/96' }, /^TRUSTED_PROXIES must list/],
  ['a prefix with a zero in front', { TRUSTED_PROXIES: '10.0.0.0/08' }, /^TRUSTED_PROXIES must list/],
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
  ['a secret where a port goes', { PORT: secret }, /^PORT must be a whole number/],
  ['a port in words', { PORT: 'http' }, /^PORT must be a whole number/],
  ['a fraction', { JWT_ACCESS_TOKEN_EXPIRES: '1.5' }, /^JWT_ACCESS_TOKEN_EXPIRES must be a whole number/],
  ['a long race window', { REFRESH_RACE_WINDOW: '61' }, /^REFRESH_RACE_WINDOW must be a whole number from 0 to 60/],
  ['a cheap hash', { BCRYPT_COST: '9' }, /^BCRYPT_COST must be a whole number from 10 to 15/],
  ['a switch that is neither', { DOCS: 'yes' }, /^DOCS must be true or false/],
  ['an unknown level', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be one of fatal, error/],
  ['access longer than refresh', { JWT_ACCESS_TOKEN_EXPIRES: '600', JWT_REFRESH_TOKEN_EXPIRES: '60' }, /longer than/],
  [
    'refresh a second longer than the session',
    { SESSION_MAX_AGE: '604799' },
    /^JWT_REFRESH_TOKEN_EXPIRES must not be longer/,
  ],
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
  [
    'a resource server with a former secret of ours',
    { JWT_SECRET_KEY_FALLBACK: `${newSecret()},${former}`, RESOURCE_SERVERS: `a:${former}` },
    /^RESOURCE_SERVERS: entry 1 has a secret of/,
  ],
  ['a name that begins like loopback', { HOST: '127.example.com' }, /^PUBLIC_URL is required/],
  [
    'the audience of those who may only enrol',
    { PUBLIC_URL: 'https://a.example.com', JWT_AUDIENCE: 'b,https://a.example.com/enrol' },
    /^JWT_AUDIENCE must not list PUBLIC_URL with \/enrol/,
  ],
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
