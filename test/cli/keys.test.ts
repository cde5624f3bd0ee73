/** `signet keys`, also beside servers that must follow by themselves, without a restart. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'
import { cli, cliOnTerminal, noTerminal } from '../helpers/cli.ts'
import { emptyDatabase } from '../helpers/postgres.ts'
import { postJson, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { startService } from '../helpers/service.ts'
import { headerOf, newSecret } from '../helpers/tokens.ts'

type Service = Awaited<ReturnType<typeof startService>>

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

/** A place for a database, and the environment of a service that signs with ES256. */
async function place(t: Test) {
  const path = join(await temporaryFolder(t), 'signet.db')
  return { path, env: { DATABASE_URL: `sqlite:${path}`, JWT_SECRET_KEY: newSecret(), JWT_ALGORITHM: 'ES256' } }
}

/** The same, with the first key: a start makes it. */
async function started(t: Test) {
  const { path, env } = await place(t)
  const { app } = await testApp(t, { sqlitePath: path, algorithm: 'ES256', secrets: [env.JWT_SECRET_KEY] })
  await app.close()
  return { path, env }
}

async function statusOf(env: Record<string, string>) {
  const { stdout } = await cli(['keys', 'status', '--json'], env)
  return stdout
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Record<string, string | boolean | null>)
}

function letItsDateCome(path: string): void {
  const database = new DatabaseSync(path)
  database.exec(`UPDATE signing_keys SET changes_at = changes_at - 360 WHERE state = 'next'`)
  database.close()
}

const logIn = async ({ url }: Service) =>
  (await (await postJson(`${url}/login`, { username: 'thirdy', password: 'demo123' })).json()) as Tokens
const me = async ({ url }: Service, { access_token: token }: Tokens) =>
  (await fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } })).status
const refresh = ({ url }: Service, tokens: Tokens) =>
  postJson(`${url}/refresh`, { refresh_token: tokens.refresh_token })
const jwks = async ({ url }: Service) => (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as JSONWebKeySet
const kids = async (server: Service) => (await jwks(server)).keys.map(({ kid }) => kid)

const engines = { SQLite: async (t: Test) => (await place(t)).env, PostgreSQL: onPostgres }

async function onPostgres(t: Test) {
  return { ...(await place(t)).env, DATABASE_URL: await emptyDatabase(t) }
}

for (const [engine, environmentOn] of Object.entries(engines)) {
  t.test(`${engine}: a running server publishes a staged key, and follows an emergency, by itself`, async t => {
    const env = await environmentOn(t)
    const server = await startService(t, env)
    const before = await logIn(server)

    const staged = JSON.parse((await cli(['keys', 'stage', '--json'], env)).stdout)
    t.match(staged, { alg: 'ES256', state: 'next' })
    t.equal(Date.parse(staged.signs_from) - Date.parse(staged.since), 360_000)
    await waitUntil(async () => (await kids(server)).includes(staged.kid))
    t.equal(await me(server, before), 200)
    t.not(headerOf((await logIn(server)).access_token)['kid'], staged.kid, 'it does not sign yet')

    const ended = await cli(['keys', 'rotate', '--emergency', '--yes', '--json', '--verbose'], env)
    t.equal(ended.code, 0, ended.stderr)
    const { kid } = JSON.parse(ended.stdout)
    t.match(ended.stderr, 'a refresh, not a login')
    t.match(ended.stderr, 'up to 300 seconds')
    t.notMatch(ended.stderr, 'another secret')
    t.match(ended.stderr, `"audit":{"event":"key.replaced","kid":"${kid}","by":"command line"}`)
    await waitUntil(async () => (await kids(server)).join() === kid)
    t.equal(await me(server, before), 401)
    const after = (await (await refresh(server, before)).json()) as Tokens
    t.equal(await me(server, after), 200)
    t.equal(headerOf(after.access_token)['kid'], kid)
    t.ok(await jwtVerify(after.access_token, createLocalJWKSet(await jwks(server))))
  })
}

t.test('rotate stages a key and says from when it signs; before that it fails with one line', async t => {
  const { env } = await started(t)
  const staged = await cli(['keys', 'rotate', '--json', '--verbose'], env)
  const { kid, signs_from: signsFrom } = JSON.parse(staged.stdout)
  t.match(staged.stderr, `"audit":{"event":"key.staged","kid":"${kid}","by":"command line"}`)
  t.match(
    (await statusOf(env)).find(key => key['kid'] === kid),
    { state: 'next', configured: true, next: 'signs', next_at: signsFrom },
  )
  const early = await cli(['keys', 'rotate'], env)
  t.equal(early.code, 1)
  t.equal(early.stdout, '')
  t.match(early.stderr, /^signet: it is too early: [^\n]+\n$/)
  t.match(early.stderr, `${kid} signs from ${signsFrom} on`)
  const { stdout } = await cli(['keys', 'status'], env)
  t.strictSame(
    stdout.split('\n').map(line => line.split('\t').length),
    [7, 7, 1],
  )
})

t.test('a running server activates a staged key by itself, and its former tokens go on', async t => {
  const { path, env } = await place(t)
  const server = await startService(t, env)
  const before = await logIn(server)
  const { kid } = JSON.parse((await cli(['keys', 'stage', '--json'], env)).stdout)
  letItsDateCome(path)
  await waitUntil(async () => headerOf((await logIn(server)).access_token)['kid'] === kid)
  t.equal(await me(server, before), 200)
})

t.test('an emergency helps when no secret decrypts the ring, which nothing else touches then', async t => {
  const { env } = await started(t)
  const lost = { ...env, JWT_SECRET_KEY: newSecret() }
  const refused = await cli(['keys', 'rotate'], lost)
  t.equal(refused.code, 1)
  t.match(refused.stderr, /^signet: neither JWT_SECRET_KEY nor a fallback[^\n]+keys rotate --emergency\n$/)

  const replaced = await cli(['keys', 'rotate', '--emergency', '--yes'], lost)
  t.equal(replaced.code, 0)
  t.match(replaced.stderr, 'restart every server with this JWT_SECRET_KEY')
  const server = await startService(t, lost)
  t.equal(await me(server, await logIn(server)), 200)
})

t.test('under HS256 it says that there is no ring', async t => {
  const { env } = await started(t)
  const status = await cli(['keys', 'status'], { ...env, JWT_ALGORITHM: 'HS256' })
  t.equal(status.code, 0)
  t.match(status.stderr, 'there is no key ring')
  const { code, stderr } = await cli(['keys', 'rotate'], { ...env, JWT_ALGORITHM: 'HS256' })
  t.equal(code, 1)
  t.match(stderr, /^signet: there is no key ring under JWT_ALGORITHM=HS256[^\n]+\n$/)
})

t.test('what it needs is named; without a terminal an emergency wants --yes', async t => {
  const { env } = await started(t)
  const { JWT_SECRET_KEY: _, ...without } = env
  t.match((await cli(['keys', 'status'], without)).stderr, /^signet: JWT_SECRET_KEY is required/)
  const unasked = await cli(['keys', 'rotate', '--emergency'], env)
  t.equal(unasked.code, 2)
  t.match(unasked.stderr, 'use --yes')
})

t.test('on a terminal an emergency asks first', { skip: noTerminal }, async t => {
  const { env } = await started(t)
  const [before] = await statusOf(env)
  const no = await cliOnTerminal(['keys', 'rotate', '--emergency'], env, [['[y/N]', '\r']])
  t.equal(no.code, 1)
  t.match(no.screen, 'nothing was replaced')
  t.equal((await statusOf(env))[0]?.['kid'], before?.['kid'])
  t.equal((await cliOnTerminal(['keys', 'rotate', '--emergency'], env, [['[y/N]', 'y\r']])).code, 0)
  t.not((await statusOf(env))[0]?.['kid'], before?.['kid'])
  const none = await cliOnTerminal(['keys', 'rotate', '--emergency'], { ...env, JWT_ALGORITHM: 'HS256' })
  t.equal(none.code, 1)
  t.match(none.screen, 'there is no key ring')
  t.notMatch(none.screen, '[y/N]', 'nobody is asked for nothing')
})
