/** `signet sessions` and `signet db` beside a running server. */
import { execFileSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { cli, noTerminal } from '../helpers/cli.ts'
import { root } from '../helpers/places.ts'
import { environment, postJson, startServer, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { startService } from '../helpers/service.ts'
import { newSecret } from '../helpers/tokens.ts'

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

async function serving(
  t: Test,
  start: (t: Test, env: Record<string, string>) => Promise<{ url: string }> = startService,
) {
  const folder = await temporaryFolder(t)
  const env = { DATABASE_URL: `sqlite:${join(folder, 'signet.db')}`, JWT_SECRET_KEY: newSecret() }
  const server = await start(t, env)
  const logIn = async (username = 'thirdy') =>
    (await (await postJson(`${server.url}/login`, { username, password: 'demo123' })).json()) as Tokens
  const status = async ({ access_token: token }: Tokens) =>
    (await fetch(`${server.url}/me`, { headers: { authorization: `Bearer ${token}` } })).status
  const refresh = (tokens: Tokens) => postJson(`${server.url}/refresh`, { refresh_token: tokens.refresh_token })
  return { folder, env, server, logIn, status, refresh }
}

async function listed(env: Record<string, string>, ...args: string[]) {
  const { stdout } = await cli(['sessions', 'list', '--json', ...args], env)
  return stdout
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as { id: string; username: string })
}

t.test('sessions are listed, one is ended, then all of a user; the server refuses them by itself', async t => {
  const { env, logIn, status } = await serving(t)
  const [first, second, other] = [await logIn(), await logIn(), await logIn('maria')]

  t.strictSame((await listed(env)).map(one => one.username).sort(), ['maria', 'thirdy', 'thirdy'])
  t.strictSame(
    (await listed(env, '--user', 'user-2')).map(one => one.username),
    ['maria'],
  )
  const sid = JSON.parse(Buffer.from(first.access_token.split('.')[1] ?? '', 'base64url').toString()).sid

  t.equal((await cli(['sessions', 'end', sid], env)).code, 0)
  await waitUntil(async () => (await status(first)) === 401)
  t.equal(await status(second), 200)
  t.equal((await cli(['sessions', 'end', sid], env)).code, 1, 'it has ended already')

  const all = await cli(['sessions', 'end', '--user', 'thirdy', '--json'], env)
  t.strictSame(JSON.parse(all.stdout), { sessions_ended: 1 })
  await waitUntil(async () => (await status(second)) === 401)
  t.equal(await status(other), 200)
  t.strictSame(
    (await listed(env)).map(one => one.username),
    ['maria'],
  )
})

t.test('an id that begins with a hyphen is an id, not an option, of a session and of a user', async t => {
  const { folder, env } = await serving(t)
  const [sid, other, userId] = ['-bcdefghijklmnopqrstuv', '-another-session-of-it', '-a-user-of-22-letters-']
  await cli(['users', 'import', '-'], env, `{"username":"bob","user_id":"${userId}"}`)
  const database = new DatabaseSync(join(folder, 'signet.db'))
  database.exec(`INSERT INTO sessions (sid, user_id, created_at, expires_at, max_expires_at)
    VALUES ('${sid}', '${userId}', 1, 9999999999, 9999999999), ('${other}', '${userId}', 1, 9999999999, 9999999999)`)
  database.close()
  t.strictSame(await listed(env, '--user', userId).then(all => all.map(one => one.id).sort()), [other, sid])
  t.equal((await cli(['sessions', 'end', sid], env)).code, 0)
  t.match(await cli(['sessions', 'end', '--user', userId, '--json'], env), { stdout: '{"sessions_ended":1}\n' })
  t.strictSame(await listed(env), [])
  t.match(await cli(['users', 'set', userId, '--disable', '--json'], env), { code: 0, stdout: /"username":"bob"/ })
})

t.test('what a client calls itself cannot steer the terminal of who lists it', async t => {
  const { env, server } = await serving(t)
  await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'user-agent': 'evil\x9b2J\x85\ttab' }
    request(`${server.url}/login`, { method: 'POST', headers }, resolve)
      .on('error', reject)
      .end('{"username":"thirdy","password":"demo123"}')
  })
  for (const args of [
    ['sessions', 'list'],
    ['sessions', 'list', '--json'],
  ]) {
    const { stdout } = await cli(args, env)
    t.match(stdout, 'evil')
    t.notMatch(stdout, /(?![\t\n])\p{Cc}/u)
    if (!args.includes('--json')) t.equal(stdout.split('\t').length, 8)
  }
})

t.test('db migrate says from where to where, and the second time that there was nothing to do', async t => {
  const env = { DATABASE_URL: `sqlite:${join(await temporaryFolder(t), 'signet.db')}` }
  const first = JSON.parse((await cli(['db', 'migrate', '--json'], env)).stdout)
  const second = JSON.parse((await cli(['db', 'migrate', '--json'], env)).stdout)
  t.equal(first.from, 0)
  t.ok(first.to > 0)
  t.match(second, { from: first.to, to: first.to })
})

t.test('a backup made while another process writes is whole, private, never overwritten, and serves', async t => {
  const { folder, env, logIn, refresh } = await serving(t, startServer)
  const file = join(folder, 'backup.db')
  const tokens = await logIn()
  let writes = 0
  let done = false
  const writing = (async () => {
    for (; !done; writes++) await refresh(await logIn('maria'))
  })()

  const ended = await cli(['db', 'backup', file, '--json'], env)
  done = true
  await writing
  t.equal(ended.code, 0, ended.stderr)
  t.ok(writes > 0)
  t.strictSame(JSON.parse(ended.stdout), { file })
  t.equal(statSync(file).mode & 0o777, 0o600)
  const copy = new DatabaseSync(file, { readOnly: true })
  t.equal(copy.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
  copy.close()

  const again = await cli(['db', 'backup', file], env)
  t.equal(again.code, 1)
  t.match(again.stderr, /^signet: [^\n]+exists already[^\n]+\n$/)

  const restored = await startService(t, { ...env, DATABASE_URL: `sqlite:${file}` })
  t.equal((await postJson(`${restored.url}/refresh`, { refresh_token: tokens.refresh_token })).status, 200)
})

t.test(
  'npm run signet --silent says nothing but what was asked, with and without a .env',
  { skip: noTerminal },
  async t => {
    const folder = await temporaryFolder(t)
    const env = environment({ DATABASE_URL: `sqlite:${join(folder, 'signet.db')}` })
    const run = () =>
      execFileSync('npm', ['run', 'signet', '--silent', '--', 'db', 'migrate', '--json'], {
        cwd: root,
        env,
        stdio: 'pipe',
      })
    t.match(JSON.parse(run().toString()), { from: 0 })

    const load = ['--import', join(root, 'src/cli/dotenv.ts'), join(root, 'src/cli.ts'), 'db', 'migrate', '--json']
    writeFileSync(join(folder, '.env'), 'DATABASE_URL=sqlite:from-dotenv.db\n')
    const fromFile = execFileSync(process.execPath, load, { cwd: folder, env: environment(), stdio: 'pipe' })
    t.equal(JSON.parse(fromFile.toString()).database, 'from-dotenv.db')
  },
)
