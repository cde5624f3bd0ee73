/** `signet db copy`: there and back, and interrupted. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'
import { cli, cliOnTerminal, endOf, noTerminal, startCli } from '../helpers/cli.ts'
import { amount } from '../helpers/long.ts'
import { mailApp } from '../helpers/mail.ts'
import { emptyDatabase } from '../helpers/postgres.ts'
import { postJson, startServer, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { startService } from '../helpers/service.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

const tables = ['meta', 'users', 'factors', 'recovery_codes', 'sessions', 'signing_keys', 'attempts', 'mails']

/** Every row of a SQLite file. */
function contentOf(path: string) {
  const database = new DatabaseSync(path, { readOnly: true })
  const rows = tables.map(table => database.prepare(`SELECT * FROM ${table} ORDER BY 1`).all())
  database.close()
  return rows
}

/** A database with users, sessions in several states, a signing key and failures. */
async function used(t: Test) {
  const path = join(await temporaryFolder(t), 'signet.db')
  const secret = newSecret()
  const { app, logIn, refresh } = await testApp(t, { sqlitePath: path, algorithm: 'ES256', secrets: [secret] })
  const tokens = await logIn()
  const superseded = (await logIn('maria')).refresh_token
  const rotated = (await refresh(superseded)).json()
  const ended = await logIn('maria')
  await app.inject({
    method: 'POST',
    url: '/logout',
    headers: { authorization: `Bearer ${ended.access_token}` },
  })
  await app.inject({ method: 'POST', url: '/login', body: { username: 'nobody', password: 'wrong' } })
  await app.close()
  return { path, url: `sqlite:${path}`, secret, tokens, rotated, ended }
}

/** A database with more users than one batch holds. */
async function large(t: Test, users: number) {
  const { path, url } = await used(t)
  const database = new DatabaseSync(path)
  database.exec(`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${users})
    INSERT INTO users (user_id, username, role, created_at) SELECT 'n' || n, 'n' || n, 'user', 1 FROM numbers`)
  database.close()
  return { path, url }
}

/** As many users and sessions more. */
const more = amount('COPY_ROWS', 0, 100_000)

function addRows(path: string): void {
  const database = new DatabaseSync(path)
  const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${more})`
  if (more > 0) {
    database.exec(`${numbers}
      INSERT INTO users (user_id, username, role, created_at) SELECT 'n' || n, 'n' || n, 'user', 1 FROM numbers`)
    database.exec(`${numbers}
      INSERT INTO sessions (sid, user_id, created_at, expires_at, max_expires_at)
      SELECT lower(hex(randomblob(11))), 'n' || n, 1, 4000000000, 4000000000 FROM numbers`)
  }
  database.close()
}

t.test('mails are copied as sent, so that none goes out twice, and their links go on', async t => {
  const folder = await temporaryFolder(t)
  const [from, to] = [join(folder, 'from.db'), join(folder, 'to.db')]
  const secrets = [newSecret()] as const
  const before = await mailApp(t, { sqlitePath: from, secrets })
  await before.app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
  await before.post('/password/forgot', { username: 'maria' })
  const token = await before.tokenTo('maria@example.com')
  await before.post('/password/forgot', { username: 'thirdy' })
  t.equal((await before.app.stores.mails.waiting()).count, 1)
  await before.app.close()

  const args = ['db', 'copy', '--from', `sqlite:${from}`, '--to', `sqlite:${to}`, '--json']
  const elsewhere = { FROM_DATABASE_URL: `sqlite:${from}.not`, TO_DATABASE_URL: `sqlite:${to}.not` }
  const copied = await cli(args, elsewhere) // what is given counts
  t.match(JSON.parse(copied.stdout), { mails: 2 })
  const after = await mailApp(t, { sqlitePath: to, secrets })
  t.equal((await after.app.stores.mails.waiting()).count, 0)
  t.strictSame(await after.deliver(), [])
  const reset = { token, new_password: 'a new sentence of mine' }
  t.equal((await after.post('/password/reset', reset)).statusCode, 204)
})

t.test('from SQLite to PostgreSQL and back: equal row for row, and every token of before works after', async t => {
  const { path, url, secret, tokens, rotated, ended } = await used(t)
  addRows(path)
  const postgres = await emptyDatabase(t)
  const there = await cli(['db', 'copy', '--from', url, '--json'], { TO_DATABASE_URL: postgres })
  t.equal(there.code, 0, there.stderr)
  t.match(JSON.parse(there.stdout), { from: path, users: 2 + more, sessions: 3 + more, signing_keys: 1 })
  t.notMatch(there.stdout, new URL(postgres).password)

  const file = join(await temporaryFolder(t), 'url')
  writeFileSync(file, `${postgres}\n`)
  const back = join(await temporaryFolder(t), 'back.db')
  t.equal((await cli(['db', 'copy', '--from-file', file, '--to', `sqlite:${back}`], {})).code, 0)
  t.strictSame(contentOf(back), contentOf(path))

  for (const database of [postgres, `sqlite:${back}`]) {
    const server = await startService(t, {
      DATABASE_URL: database,
      JWT_SECRET_KEY: secret,
      JWT_ALGORITHM: 'ES256',
      REFRESH_RACE_WINDOW: '60', // seconds, from the rotation to here: a busy machine takes more than half of it
    })
    const me = async (token: string) =>
      (await fetch(`${server.url}/me`, { headers: { authorization: `Bearer ${token}` } })).status
    t.equal(await me(tokens.access_token), 200)
    t.equal(await me(ended.access_token), 401, 'what was revoked stays revoked')
    const refreshed = await postJson(`${server.url}/refresh`, { refresh_token: tokens.refresh_token })
    t.equal(refreshed.headers.get('signet-refresh'), 'rotated')
    t.equal(claimsOf(((await refreshed.json()) as typeof tokens).refresh_token)['gen'], 1)
    const repeated = await postJson(`${server.url}/refresh`, { refresh_token: rotated.refresh_token })
    t.equal(repeated.headers.get('signet-refresh'), 'repeated')
    const login = await postJson(`${server.url}/login`, { username: 'maria', password: 'demo123' })
    t.equal(login.status, 200)
  }
})

t.test('between files of one engine, beside a server that writes', async t => {
  const { path, url, secret } = await used(t)
  const server = await startServer(t, { DATABASE_URL: url, JWT_SECRET_KEY: secret, JWT_ALGORITHM: 'ES256' })
  const logIn = () => postJson(`${server.url}/login`, { username: 'thirdy', password: 'demo123' })
  await logIn() // rehashes, once: users are to be what they were when the copy began
  let over = false
  let logins = 0
  const writing = (async () => {
    for (; !over; logins++) await logIn()
  })()
  const copy = join(await temporaryFolder(t), 'copy.db')
  const { code, stderr } = await cli(['db', 'copy', '--from', url, '--to', `sqlite:${copy}`], {})
  over = true
  await writing
  t.equal(code, 0, stderr)
  t.ok(logins > 0)
  const users = (of: string) =>
    contentOf(of)[1]?.map(user => ({ ...user, sessions_begun: 'as many as there were logins' }))
  t.strictSame(users(copy), users(path))
})

t.test('an interrupted copy serves nobody, and begins again with --restart only', async t => {
  const { path, url } = await large(t, 2000)
  const to = join(await temporaryFolder(t), 'to.db')
  const args = ['db', 'copy', '--from', url, '--to', `sqlite:${to}`]
  const env = { DATABASE_URL: `sqlite:${to}` }
  await cli(['db', 'migrate'], env)
  lingerAt(to, 'n7')
  const empty = markOf(to)

  const first = startCli(args, {})
  const ending = endOf(first)
  await waitUntil(async () => markOf(to) !== empty && usersOf(to) > 0)
  first.kill('SIGINT')
  const interrupted = await ending
  t.equal(interrupted.code, 1)
  t.equal(interrupted.stdout, '')
  t.match(interrupted.stderr, /^signet: stopped: begin again with --restart\n$/)
  t.ok(usersOf(to) < 2002)

  await t.rejects(startServer(t, env), /the server ended with 1:\nsignet: the database is an unfinished copy/)
  t.match((await cli(['users', 'list'], env)).stderr, 'unfinished copy')
  const again = await cli(args, {})
  t.equal(again.code, 1)
  t.match(again.stderr, /^signet: the target is an unfinished copy: begin again with --restart\n$/)

  const before = markOf(to)
  const killed = startCli([...args, '--restart'], {})
  await waitUntil(async () => markOf(to) !== before && usersOf(to) > 0)
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  t.equal((await cli(args, {})).code, 1)

  const complete = await cli([...args, '--restart'], {})
  t.equal(complete.code, 0, complete.stderr)
  t.strictSame(contentOf(to), contentOf(path))
  t.match((await cli([...args, '--restart'], {})).stderr, 'the target is not empty', 'it is no half any more')
})

/** Makes the target slow at one user, so that a signal meets a copy in the middle. */
function lingerAt(path: string, userId: string): void {
  const database = new DatabaseSync(path)
  database.exec(`CREATE TRIGGER linger AFTER INSERT ON users WHEN new.user_id = '${userId}' BEGIN
    SELECT count(*) FROM (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2000000)
      SELECT n FROM numbers);
  END`)
  database.close()
}

const usersOf = (path: string) => Number(valueIn(path, 'SELECT count(*) AS value FROM users'))
const markOf = (path: string) =>
  String(valueIn(path, `SELECT hex(value) AS value FROM meta WHERE name = 'unfinished_copy'`))

function valueIn(path: string, sql: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1000 })
  const row = database.prepare(sql).get()
  database.close()
  return row?.['value']
}

t.test('on a terminal there is a progress bar', { skip: noTerminal }, async t => {
  const { url } = await large(t, 3000)
  const to = `sqlite:${join(await temporaryFolder(t), 'to.db')}`
  const { code, screen } = await cliOnTerminal(['db', 'copy', '--from', url, '--to', to], {})
  t.equal(code, 0)
  t.match(screen, /\d+ %.+ of \d+ rows (copied|compared)/)
  t.match(screen, /from.*to.*users.*sessions/)
})
