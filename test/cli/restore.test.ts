/** `signet db restore`: beside a running service, after it, and for PostgreSQL. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { cli, cliOnTerminal, noTerminal } from '../helpers/cli.ts'
import { postJson, startServer, temporaryFolder } from '../helpers/process.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

t.test('a restore waits until the service is stopped, asks, and tells who is logged in again', async t => {
  const folder = await temporaryFolder(t)
  const [path, backup] = [join(folder, 'signet.db'), join(folder, 'backup.db')]
  const env = { DATABASE_URL: `sqlite:${path}`, JWT_SECRET_KEY: newSecret() }
  const server = await startServer(t, env)
  const logIn = async (username: string) =>
    (await (await postJson(`${server.url}/login`, { username, password: 'demo123' })).json()) as Tokens
  const [ended] = [await logIn('thirdy'), await logIn('maria')]
  t.equal((await cli(['db', 'backup', backup], env)).code, 0)
  await postJson(`${server.url}/logout`, { refresh_token: ended.refresh_token })

  const beside = await cli(['db', 'restore', backup, '--yes'], env)
  t.equal(beside.code, 1)
  t.match(beside.stderr, /^signet: [^\n]+in use: stop the service[^\n]+\n$/)
  t.equal((await fetch(`${server.url}/health/ready`)).status, 200, 'the service did not notice')
  await server.stop()

  const unasked = await cli(['db', 'restore', backup], env)
  t.equal(unasked.code, 2, 'nobody can be asked, and nobody said yes')
  t.match(unasked.stderr, /use --yes/)

  const restored = await cli(['db', 'restore', backup, '--yes', '--json'], env)
  t.equal(restored.code, 0, restored.stderr)
  const { former, from, to, ...report } = JSON.parse(restored.stdout)
  t.match(former, /signet\.db\.before-restore-\d{8}T\d{6}Z$/)
  t.equal(from, to)
  const { sid } = claimsOf(ended.access_token)
  t.match(report, { database: path, file: backup, users: 2, sessions: 2, ended: false })
  t.match(report.revived, [{ id: sid, username: 'thirdy', user_id: 'user-1', reason: 'logout' }])
  t.equal(report.revived.length, 1)

  const again = await startServer(t, env)
  t.equal((await postJson(`${again.url}/refresh`, { refresh_token: ended.refresh_token })).status, 200)
})

t.test('with --end-revived whoever logged out since the backup stays logged out', async t => {
  const folder = await temporaryFolder(t)
  const [path, backup] = [join(folder, 'signet.db'), join(folder, 'backup.db')]
  const settings = { sqlitePath: path, secrets: [newSecret()] } as const
  const env = { DATABASE_URL: `sqlite:${path}` }
  const before = await testApp(t, settings)
  const [ended, lasting] = [await before.logIn('thirdy'), await before.logIn('maria')]
  await cli(['db', 'backup', backup], env)
  await before.app.inject({ method: 'POST', url: '/logout', body: { refresh_token: ended.refresh_token } })
  await before.app.close()

  const asked = await cli(['db', 'restore', backup, '--end-revived'], env, 'n\n', ['stdin', 'stderr'])
  t.match(asked, { code: 1, stderr: /Sessions ended since that stay ended: 1\. \[y\/N\]/ })
  const restored = await cli(['db', 'restore', backup, '--yes', '--end-revived', '--json'], env)
  t.match(JSON.parse(restored.stdout), { ended: true, revived: [{ username: 'thirdy' }] })

  const after = await testApp(t, settings, before.clock)
  t.equal((await after.refresh(ended.refresh_token)).json().code, 'token_revoked')
  t.equal((await after.refresh(lasting.refresh_token)).statusCode, 200)
})

t.test('with no database to compare with, nobody knows which sessions live again: null, and not none', async t => {
  const folder = await temporaryFolder(t)
  const backup = join(folder, 'backup.db')
  await cli(['db', 'migrate'], { DATABASE_URL: `sqlite:${backup}` })
  const envOf = (name: string) => ({ DATABASE_URL: `sqlite:${join(folder, name)}` })
  const restore = (name: string, ...more: string[]) => cli(['db', 'restore', backup, ...more], envOf(name))
  t.match(JSON.parse((await restore('a.db', '--json')).stdout), { former: null, revived: null, ended: false })
  t.match((await restore('b.db')).stdout, /\tnot known\n$/)

  writeFileSync(join(folder, 'damaged.db'), 'x'.repeat(10_000))
  const asked = await cli(['db', 'restore', backup], envOf('damaged.db'), 'n\n', ['stdin', 'stderr'])
  t.match(asked.stderr, /It cannot be read, so nobody knows which sessions were ended since\. \[y\/N\]/)
})

t.test('at a terminal the sessions are shown, the question is asked, and no is no', { skip: noTerminal }, async t => {
  const folder = await temporaryFolder(t)
  const [path, backup] = [join(folder, 'signet.db'), join(folder, 'backup.db')]
  const env = { DATABASE_URL: `sqlite:${path}` }
  await cli(['db', 'migrate'], env)
  await cli(['db', 'backup', backup], env)

  const { code, screen } = await cliOnTerminal(['db', 'restore', backup], env, [['[y/N]', 'n\r']])

  t.equal(code, 1)
  t.match(screen, /Sessions ended since that live again: 0\. \[y\/N\]/)
  t.match(screen, /nothing was restored/)
})

t.test('for PostgreSQL its own tools are named, without asking the server', async t => {
  const env = { DATABASE_URL: 'postgres://signet:geheim@127.0.0.1:9/signet' }
  const [backup, restore] = await Promise.all([
    cli(['db', 'backup', 'copy.db'], env),
    cli(['db', 'restore', 'copy.db', '--yes'], env),
  ])
  for (const [ended, tool] of [
    [backup, 'pg_dump'],
    [restore, 'pg_restore'],
  ] as const) {
    t.equal(ended.code, 1)
    t.match(ended.stderr, new RegExp(`^signet: [^\\n]*${tool}[^\\n]*\\n$`))
  }
})
