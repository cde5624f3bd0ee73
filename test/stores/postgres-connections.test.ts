/** What happens between us and a server: it goes, comes back, moves, hides behind TLS, or does not let us in. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import pg from 'pg'
import t from 'tap'
import { needs } from '../helpers/needs.ts'
import { ownTime } from '../helpers/own-time.ts'
import { type RunningPostgres, runSql, startPostgres } from '../helpers/postgres.ts'
import { freePort, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { away, demo, opened, policy, withSession } from './opened-postgres.ts'

t.test('PostgreSQL goes and comes back, politely or not: 503 in between, and nobody opens anything anew', async t => {
  const server = await startPostgres(t)
  const stores = await opened(t, server.url())
  const sid = await withSession(stores)
  let generation = 0

  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const load = Array.from({ length: 20 }, async () => {
      for (;;) {
        const view = await stores.sessions.rotate(sid, generation, policy)
        if (view) generation = view.session.generation
      }
    })
    const outcomes = Promise.allSettled(load)
    await sleep(150)
    await server.stop(signal)
    for (const outcome of await outcomes) t.match(outcome, { status: 'rejected', reason: away })
    await t.rejects(stores.sessions.find(sid), away)
    await t.rejects(stores.ping(), away)

    await server.start()
    const found = (await stores.sessions.find(sid))?.session.generation ?? -1
    // The last answer may be lost, as its connection may break between the commit and the answer: one more, never less.
    t.ok(found === generation || found === generation + 1, `known ${generation}, found ${found}`)
    t.comment(`${found} rotations by now`)
    generation = found
  }
})

t.test('a server that falls silent is given up after six seconds, and used again when it speaks', async t => {
  const server = await startPostgres(t)
  const stores = await opened(t, server.url())
  const sid = await withSession(stores)
  const thaw = await server.freeze()

  const now = ownTime()
  const took: number[] = []
  const ask = async (act: () => Promise<unknown>) => {
    await t.rejects(act(), away)
    took.push(now())
  }
  // The first has the one connection there is, and begins a transaction that the server will know of when it speaks.
  const asked = [() => stores.users.update('id-a', { role: 'editor' })]
  const others = Array.from({ length: 11 }, () => () => stores.sessions.rotate(sid, 0, policy))
  await Promise.all([...asked, ...others].map(ask))
  thaw()

  t.ok(Math.min(...took) < 2.5, 'without a connection nobody waits longer than for one')
  t.ok(Math.max(...took) < 7)
  await stores.sessions.revoke(sid, 'logout')
  const written = await runSql(server.url(), 'SELECT revoke_reason FROM sessions')
  t.match(written, [{ revoke_reason: 'logout' }], 'and what is written then belongs to no transaction of before')
})

t.test('the first host that accepts writes is used: not one that refuses, is silent, or is read-only', async t => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  t.teardown(() => silent.close())
  await once(silent, 'listening')
  const primary = await startPostgres(t)
  const standby = await startPostgres(t, { password: primary.password })
  await opened(t, standby.url()) // as if it had been replicated
  await acceptWrites(standby, false)
  const list = (...ports: number[]) =>
    `postgres://signet:${primary.password}@${ports.map(port => `127.0.0.1:${port}`).join()}/postgres?connect_timeout=1`
  const nobody = await freePort()
  const { port: mute } = silent.address() as AddressInfo

  const { limits, sessions } = await opened(t, list(nobody, mute, standby.port, primary.port))
  for (const count of [1, 2]) t.match(await limits.increment('key', 60), { count })
  await t.rejects(opened(t, list(nobody, standby.port)), { ...away, message: /standby/ })

  // A failover behind open connections, as a proxy does it: they live on, and lead to what is now a standby.
  await acceptWrites(primary, false)
  await acceptWrites(standby, true)
  await t.resolves(sessions.revokedSince(0, '', 10), 'reading still works')
  await t.rejects(limits.increment('key', 60), { ...away, message: /read-only/ })
  t.match(await limits.increment('key', 60), { count: 1 }, 'the next write goes to the new primary')
})

/** Only new transactions see it, and the server needs a moment to tell every connection: one that was there tells when. */
async function acceptWrites(server: RunningPostgres, yes: boolean): Promise<void> {
  const wanted = yes ? 'off' : 'on'
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  await runSql(server.url(), `ALTER SYSTEM SET default_transaction_read_only = ${wanted}`)
  await runSql(server.url(), 'SELECT pg_reload_conf()')
  const isSo = async () => {
    const { rows } = await client.query('SHOW default_transaction_read_only')
    return rows[0].default_transaction_read_only === wanted
  }
  await waitUntil(isSo)
  await sleep(100) // they are all told at once
  await client.end()
}

t.test('no failure tells the password, however deep one looks', async t => {
  const server = await startPostgres(t)
  const secret = 'correct-horse-battery-staple'
  const wrong = server.url().replace(server.password, secret)
  const refused = await opened(t, wrong).catch(error => error)
  const failures = [
    await opened(t, wrong.replace(String(server.port), '1')).catch(error => error),
    await opened(t, `${wrong}?sslmode=verify-full`).catch(error => error),
    await opened(t, wrong.replace('127.0.0.1', 'nowhere.invalid')).catch(error => error),
  ]
  const stores = await opened(t, server.url())
  await stores.users.create(demo)
  const taken = await stores.users.create(demo).catch(error => error)
  await server.stop()
  failures.push(await stores.ping().catch(error => error))

  for (const failure of failures) t.match(failure, away)
  t.match(taken, { code: 'taken' })
  t.match(refused, /password authentication failed.+correct the user or the password in DATABASE_URL/)
  for (const failure of [refused, ...failures, taken]) {
    const shown = inspect(failure, { depth: 20, showHidden: true }) + JSON.stringify(failure.cause)
    for (const password of [secret, server.password]) t.notOk(shown.includes(password), failure.message)
  }
})

t.test('TLS: encrypted, by an authority we trust, and the host we asked for', async t => {
  if (!needs(t, 'openssl', '/usr/bin/openssl')) return
  const folder = await temporaryFolder(t)
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    ...names,
  ]
  execFileSync('openssl', [...make, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  await chmod(folder, 0o755)
  const strange = join(folder, 'strange.pem')
  execFileSync('openssl', [...make, '-keyout', join(folder, 'strange-key.pem'), '-out', strange], { stdio: 'ignore' })
  const server = await startPostgres(t, { tls: { key, certificate } })
  const isEncrypted = async (url: string) => {
    const stores = await opened(t, url)
    const sql = `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'signet'`
    const rows = await runSql(server.url(), sql)
    await stores.close()
    return rows.length > 0 && rows.every(row => row['ssl'] === true)
  }
  const byName = server.url().replace('127.0.0.1', 'localhost')
  const ours = `sslrootcert=${certificate}`

  t.equal(await isEncrypted(`${byName}?sslmode=verify-full&${ours}`), true)
  t.equal(await isEncrypted(`${server.url()}?sslmode=verify-ca&${ours}`), true)
  t.equal(await isEncrypted(`${server.url()}?sslmode=require`), true)
  t.equal(await isEncrypted(`${server.url()}?sslmode=require&channel_binding=require`), true)
  t.equal(await isEncrypted(server.url()), false)
  await t.rejects(opened(t, `${server.url()}?sslmode=verify-full&${ours}`), { ...away, message: /altnames/ })
  for (const mode of ['require', 'verify-ca', 'verify-full']) {
    await t.rejects(opened(t, `${byName}?sslmode=${mode}&sslrootcert=${strange}`), { ...away, message: /self-signed/ })
  }
  await t.rejects(opened(t, `${byName}?sslmode=verify-full`), { ...away, message: /self-signed/ })
  await t.rejects(opened(t, `${byName}?sslmode=require&sslrootcert=/nowhere.pem`), /sslrootcert cannot be read/)

  // From now on the server asks for no password, and so offers no proof of itself either.
  const [{ file } = { file: '' }] = await runSql(server.url(), `SELECT current_setting('hba_file') AS file`)
  await runSql(server.url(), `COPY (SELECT 'host all all all trust') TO '${file}'; SELECT pg_reload_conf()`)
  const withoutPassword = server.url().replace(server.password, 'any')
  await waitUntil(() => runSql(withoutPassword, 'SELECT').then(Boolean, () => false))
  t.equal(await isEncrypted(`${server.url()}?sslmode=require`), true)
  const bound = opened(t, `${server.url()}?sslmode=require&channel_binding=require`)
  await t.rejects(bound, /the server offers no channel binding/)
})
