/** The contract on an older PostgreSQL, Debian 12's, and a failover to a real standby. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { needs } from '../helpers/needs.ts'
import { debianPrograms, replicated, runSql, startPostgres, useServer } from '../helpers/postgres.ts'
import { waitUntil } from '../helpers/process.ts'
import { opened, policy, withSession } from './opened-postgres.ts'
import { postgresEngine, testContract } from './postgres.contract.ts'

const programs = debianPrograms

if (needs(t, 'postgresql-15', join(programs, 'postgres'))) {
  const primary = await startPostgres(t, { programs, settings: replicated })
  useServer(primary.url())
  testContract(t, postgresEngine('PostgreSQL 15'))

  t.test('a standby that streams is passed over until it is promoted, and then it is the one', async t => {
    const standby = await startPostgres(t, { programs, settings: replicated, standbyOf: primary })
    const hosts = `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`
    const url = standby.url().replace(`127.0.0.1:${standby.port}`, hosts)
    const stores = await opened(t, url)
    const other = await opened(t, `${url}?target_session_attrs=primary`)
    const sid = await withSession(stores)
    t.match(await stores.sessions.rotate(sid, 0, policy), { session: { generation: 1 } })
    await t.rejects(opened(t, standby.url()), { code: 'unavailable', message: /it is a standby/ })
    const seen = async () =>
      (await runSql(standby.url(), 'SELECT generation::int FROM sessions'))[0]?.['generation'] === 1
    await waitUntil(seen, 10)

    await primary.stop('SIGQUIT')
    await t.rejects(stores.sessions.rotate(sid, 1, policy), { code: 'unavailable', status: 503 })
    await runSql(standby.url(), 'SELECT pg_promote()')

    for (const one of [stores, other]) {
      let view: Awaited<ReturnType<typeof one.sessions.find>>
      for (const endsAt = performance.now() + 30_000; !view && performance.now() < endsAt; await sleep(50)) {
        view = await one.sessions.find(sid).catch(() => undefined)
      }
      t.equal(view?.session.generation, 1, 'nobody is logged out')
    }
    t.match(await stores.sessions.rotate(sid, 1, policy), { session: { generation: 2 } })
    t.match(await other.sessions.rotate(sid, 2, policy), { session: { generation: 3 } })
  })
}
