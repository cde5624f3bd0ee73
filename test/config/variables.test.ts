/** How a value is read, from wherever it comes: what is worth nothing is a mistake, and a misspelt name is told. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ConfigError, loadConfig, strangeVariables, variables } from '../../src/config/config.ts'
import { readVariables } from '../../src/config/read-variables.ts'
import { testApp } from '../helpers/app.ts'
import { root } from '../helpers/places.ts'
import { environment, temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

const secret = newSecret()
const settings = Object.entries(variables.properties)
const names = settings.map(([name]) => name)
const withFile = settings.filter(([, setting]) => 'fromFile' in setting).map(([name]) => name)

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ JWT_SECRET_KEY: secret, ...env })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
}

/** Reading alone: no schema is compiled for each. */
function found(env: Record<string, string>): readonly string[] {
  const mistakes: string[] = []
  readVariables(variables, env, mistakes)
  return mistakes
}

const worthless = { 'an empty file': '', 'a line end': '\n', blanks: '  \t ', 'a byte-order mark': '\u{feff}\r\n' }

t.test('a file that holds nothing is a mistake, for every variable that may come from one', async t => {
  const folder = await temporaryFolder(t)
  for (const [what, text] of Object.entries(worthless)) {
    const file = join(folder, 'value')
    writeFileSync(file, text)
    for (const name of withFile) {
      t.strictSame(found({ [`${name}_FILE`]: file }), [`${name}_FILE names a file that holds nothing`], what)
    }
  }
})

t.test('no algorithm starts with an empty secret: refresh tokens are signed with it under each', async t => {
  for (const algorithm of ['HS256', 'ES256', 'EdDSA', 'RS256']) {
    const mistakes = mistakesOf({ JWT_SECRET_KEY: '', JWT_ALGORITHM: algorithm, JWT_SECRET_KEY_FILE: '/dev/null' })
    t.match(mistakes, [/^JWT_SECRET_KEY_FILE names a file that holds nothing$/, /^JWT_SECRET_KEY is required/])
  }
})

t.test('a value of blanks is a mistake, for every variable', async t => {
  for (const name of [...names, ...withFile.map(one => `${one}_FILE`)]) {
    t.strictSame(found({ [name]: ' \t\u{feff}\n' }), [`${name} holds nothing but blanks: unset it or give it a value`])
  }
})

t.test('an empty entry of a list is a mistake', async t => {
  const lists = {
    JWT_SECRET_KEY_FALLBACK: [`${newSecret()},`, `, ,${newSecret()}`],
    RESOURCE_SERVERS: [`api:${newSecret()},`, 'api:', ':', `:${newSecret()}`, 'api: '],
    TRUSTED_PROXIES: ['loopback,', ','],
    COOKIE_ORIGINS: ['http://localhost:1,', ','],
    CORS_ORIGINS: ['http://localhost:1,', ','],
    JWT_AUDIENCE: ['a,', ','],
    LOGIN_LIMIT_EXEMPT: ['192.0.2.1,', ','],
  }
  for (const [name, values] of Object.entries(lists)) {
    for (const value of values) t.ok(mistakesOf({ [name]: value })[0]?.startsWith(name), `${name}=${value}`)
  }
})

t.test('a blank beside a comma belongs to no entry, in every list', async t => {
  const lists = {
    JWT_SECRET_KEY_FALLBACK: [newSecret(), newSecret()],
    RESOURCE_SERVERS: [`api:${newSecret()}`, `shop:${newSecret()}`],
    TRUSTED_PROXIES: ['loopback', '192.0.2.0/24'],
    COOKIE_ORIGINS: ['http://localhost:1', 'http://localhost:2'],
    CORS_ORIGINS: ['http://localhost:1', 'http://localhost:2'],
    JWT_AUDIENCE: ['a', 'b'],
    LOGIN_LIMIT_EXEMPT: ['192.0.2.1', '198.51.100.0/24'],
  }
  for (const [name, entries] of Object.entries(lists)) {
    const of = (comma: string) => loadConfig({ JWT_SECRET_KEY: secret, [name]: entries.join(comma) })
    t.strictSame(of(' ,\t'), of(','), name)
  }
})

t.test(
  'blanks, line ends and a byte-order mark at the edges go: environment, file and fallback give one secret',
  async t => {
    const file = join(await temporaryFolder(t), 'secret')
    const other = newSecret()
    for (const around of ['\n', '\r\n', '\n\n', '  ', '\t', '\u{feff}']) {
      const padded = `\u{feff}${around}${secret}${around}`
      writeFileSync(file, padded)
      t.equal(loadConfig({ JWT_SECRET_KEY: padded }).secrets[0], secret)
      t.equal(loadConfig({ JWT_SECRET_KEY_FILE: ` ${file}\n` }).secrets[0], secret)
      t.strictSame(loadConfig({ JWT_SECRET_KEY: secret, JWT_SECRET_KEY_FALLBACK: ` ${other} ${around}` }).secrets, [
        secret,
        other,
      ])
      t.match(mistakesOf({ JWT_SECRET_KEY_FALLBACK: padded }), [/repeats JWT_SECRET_KEY/])
      writeFileSync(file, `${around}api:${other}${around}`)
      t.strictSame(
        [...loadConfig({ JWT_SECRET_KEY: secret, RESOURCE_SERVERS_FILE: file }).resourceServers],
        [['api', other]],
      )
      writeFileSync(file, `${around}sqlite:x.db${around}`)
      t.match(loadConfig({ JWT_SECRET_KEY: secret, DATABASE_URL_FILE: file }).database, { path: 'x.db' })
    }
    t.equal(loadConfig({ JWT_SECRET_KEY: secret, PORT: ' 4000\r' }).port, 4000)
  },
)

t.test('a file that is no text, too large or a folder is told, and never read for ever', async t => {
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'bytes'), Buffer.from('ff00fe9988776655', 'hex'))
  writeFileSync(join(folder, 'utf16'), Buffer.from(`\u{feff}${secret}`, 'utf16le'))
  mkdirSync(join(folder, 'folder'))
  for (const [file, reason] of [
    [join(folder, 'bytes'), /is not UTF-8 text: random bytes must be written in base64 or hex$/],
    [join(folder, 'utf16'), /is not UTF-8 text/],
    [join(folder, 'folder'), /cannot be read \(EISDIR\)$/],
    ['/dev/zero', /is larger than 1 MiB$/],
  ] as const) {
    t.match(mistakesOf({ JWT_SECRET_KEY: '', JWT_SECRET_KEY_FILE: file })[0], reason)
  }
})

t.test('secrets of resource servers are judged as all secrets are, and the message says how to make one', async t => {
  for (const [weak, reason] of [
    [newSecret().slice(0, 31), /is of less than 32 characters/],
    ['ä'.repeat(16), /is of less than 32 characters/],
    ['09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7', /well-known/],
    ['correct horse battery staple correct horse', /words/],
    ['kX9#mP2qkX9#mP2qkX9#mP2qkX9#mP2q', /repeats/],
    [secret, /has a secret of JWT_SECRET_KEY/],
  ] as const) {
    const [mistake = '', ...others] = mistakesOf({ RESOURCE_SERVERS: `good:${newSecret()},api:${weak}` })
    t.match(mistake, reason)
    t.ok(mistake.startsWith('RESOURCE_SERVERS: entry 2 ') && others.length === 0)
    if (weak !== secret) t.match(mistake, /make one with: openssl rand -base64 48$/)
    t.notOk(mistake.includes(weak))
  }
  for (const name of ['JWT_SECRET_KEY', 'JWT_SECRET_KEY_FALLBACK']) {
    t.match(mistakesOf({ [name]: 'correct horse battery staple correct horse' }), [
      /words; make one with: openssl rand/,
    ])
  }
})

t.test('a number that Kubernetes set for a Service of that name gets a hint', async t => {
  const numbers = settings.filter(([, setting]) => setting.type === 'integer').map(([name]) => name)
  t.ok(numbers.includes('PORT') && numbers.includes('METRICS_PORT') && numbers.length > 12)
  for (const name of numbers) {
    const [mistake] = mistakesOf({ [name]: 'tcp://10.43.7.9:9090' })
    t.match(mistake, new RegExp(`^${name} must be a whole number .*Kubernetes .*enableServiceLinks: false`))
    t.notMatch(mistakesOf({ [name]: 'x' })[0], /Kubernetes/)
  }
})

t.test('a misspelt variable is told with the nearest known name, and no value', async t => {
  const misspelt = {
    DATABSE_URL: 'DATABASE_URL',
    DATABASE_URI: 'DATABASE_URL',
    REGISTRATON: 'REGISTRATION',
    JWT_SECRET: 'JWT_SECRET_KEY',
    JWT_SECRETKEY_FILE: 'JWT_SECRET_KEY_FILE',
    JWT_EXPIRES_IN: 'JWT_',
    TRUSTED_PROXY: 'TRUSTED_PROXIES',
    PROT: 'PORT',
    PUBLIC_ULR: 'PUBLIC_URL',
    LOGLEVEL: 'LOG_LEVEL',
    SEED_USER_FILE: 'SEED_USERS_FILE',
    RESSOURCE_SERVERS: 'RESOURCE_SERVERS',
    database_url: 'DATABASE_URL',
  }
  for (const [name, meant] of Object.entries(misspelt)) {
    const [line = '', ...others] = strangeVariables({ [name]: 'sqlite:elsewhere.db' })
    t.ok(line.startsWith(`${name} is not known and does nothing: did you mean ${meant}`), `${name}: ${line}`)
    t.equal(others.length, 0)
    t.notMatch(line, /elsewhere/)
  }
  for (const name of names.filter(one => !withFile.includes(one) && !one.endsWith('_FILE'))) {
    t.strictSame(strangeVariables({ [`${name}_FILE`]: '/x' }), [
      `${name}_FILE does nothing: ${name} cannot be read from a file`,
    ])
  }
  for (const name of names) {
    const halves = [name.slice(0, -1), `${name}X`, name.replace(/(..)$/, two => [...two].reverse().join(''))]
    for (const slip of name.length > 4 ? halves : [])
      t.ok(strangeVariables({ [slip]: 'x' })[0] ?? names.includes(slip), slip)
  }
})

t.test('what others set is not mistaken for ours', async t => {
  const others =
    'PATH HOME HOSTNAME USER SHELL LANG LC_ALL TERM TZ PWD OLDPWD LOGNAME MAIL DISPLAY EDITOR PS1 SHLVL NODE_VERSION ' +
    'YARN_VERSION NODE_OPTIONS NODE_COMPILE_CACHE SESSION_MANAGER DBUS_SESSION_BUS_ADDRESS HOSTTYPE KUBERNETES_PORT ' +
    'KUBERNETES_SERVICE_HOST KUBERNETES_PORT_443_TCP_ADDR SIGNET_PORT SIGNET_SERVICE_PORT REGISTRATION_SERVICE_HOST ' +
    'npm_lifecycle_event npm_package_name npm_config_cache INIT_CWD COLORTERM SSH_AUTH_SOCK XDG_SESSION_ID http_proxy ' +
    'NO_PROXY DOCKER_HOST PGHOST PGPORT PGPASSWORD POSTGRES_PASSWORD LS_COLORS HISTFILE GPG_TTY INVOCATION_ID JOURNAL_STREAM _'
  t.strictSame(strangeVariables(Object.fromEntries(others.split(' ').map(name => [name, 'x']))), [])
  t.strictSame(strangeVariables(Object.fromEntries(names.map(name => [name, 'x']))), [])
  const ofCopy = ['FROM_DATABASE_URL', 'TO_DATABASE_URL'].flatMap(name => [name, `${name}_FILE`])
  t.strictSame(strangeVariables(Object.fromEntries(ofCopy.map(name => [name, 'x']))), [], 'of a command')
  t.strictSame(strangeVariables({ DATABSE_URL: '' }), [], 'nor what is empty')
})

t.test('a start that fails, and a command, say what is misspelt too', async t => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, args, {
      cwd: root,
      env: environment({ JWT_SECRET: secret, DATABASE_URL: 'sqlite:/nowhere/x.db' }),
      encoding: 'utf8',
    }).stderr
  for (const output of [run('src/server.ts'), run('src/cli.ts', 'users', 'list')]) {
    t.match(output, /^signet: JWT_SECRET is not known and does nothing: did you mean JWT_SECRET_KEY\?$/m)
    t.notMatch(output, secret)
  }
})

t.test('what is wrong with the file of first users is told with the variable', async t => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'users.ndjson')
  for (const [text, reason] of [
    ['{"username":"anna","role":7}\n', /^SEED_USERS_FILE: .*line 1: \/role/],
    ['{"username":"anna"}\nnope\n', /^SEED_USERS_FILE: .*line 2: is not JSON/],
    ['{"username":"anna"}\n{"username":"anna"}\n', /^SEED_USERS_FILE: /],
  ] as const) {
    writeFileSync(file, text)
    await t.rejects(testApp(t, { seedUsersFile: file }), { message: reason })
  }
  await t.rejects(testApp(t, { seedUsersFile: join(folder, 'none') }), { message: /^SEED_USERS_FILE: ENOENT/ })
})
