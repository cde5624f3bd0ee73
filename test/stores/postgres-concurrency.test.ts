/** Acts that meet in one row: who waits, who is undone and asked again, and who goes on without. */
import pg from 'pg'
import t, { type Test } from 'tap'
import { emptyDatabase, runSql } from '../helpers/postgres.ts'
import { waitUntil } from '../helpers/process.ts'
import { away, demo, opened, policy, withSession } from './opened-postgres.ts'

t.test('a login that is not committed yet is ended by what overtakes it: a new password, or deletion', async t => {
  const url = await emptyDatabase(t)
  const stores = await opened(t, url)
  await stores.users.seed([demo, { ...demo, userId: 'id-b', username: 'b' }])
  await runSql(
    url,
    `CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NEW; END';
    CREATE TRIGGER linger BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION linger()`,
  )
  const lives = { idleSeconds: 1000, maxAgeSeconds: 9000, ip: null, userAgent: null }

  await Promise.all([stores.users.findById('id-a'), stores.users.findById('id-b')]) // a connection for each
  const logins = ['a', 'b'].map(name =>
    stores.sessions.create({ sid: `sid-${name}`, userId: `id-${name}`, ...lives }, 0),
  )
  const lingering = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
  await waitUntil(async () => (await runSql(url, lingering)).length === 2)
  const [change, ended] = await Promise.all([
    stores.users.update('id-a', { passwordHash: 'another' }),
    stores.users.delete('id-b'),
  ])

  for (const begun of await Promise.all(logins)) t.match(begun, { session: { revokedAt: null } })
  t.strictSame(change?.ended, [{ sid: 'sid-a', wasLive: true }])
  t.strictSame(ended, [{ sid: 'sid-b', wasLive: true }])
  t.match(await stores.sessions.find('sid-a'), { session: { revokeReason: 'password_changed' } })
  t.match(await stores.sessions.find('sid-b'), { session: { revokeReason: 'deleted' } })
})

/**
 * What becomes of acts that all meet somebody who has the row they need, once that one has committed. They wait for two seconds,
 * and machines are busy: so again, if one gave up.
 */
async function behindTheRow<T>(t: Test, url: string, has: string, acts: () => Promise<T>[]): Promise<T[]> {
  const [holder, watcher] = [0, 1].map(() => new pg.Client({ connectionString: url })) as [pg.Client, pg.Client]
  for (const client of [holder, watcher]) {
    await client.connect()
    t.teardown(() => client.end())
  }
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  for (let triesLeft = 10; ; triesLeft--) {
    await holder.query(`BEGIN; ${has}`)
    const begun = acts()
    let isOver = false
    const all = Promise.all(begun)
    const settled = Promise.allSettled(begun).then(() => (isOver = true))
    all.catch(() => {}) // it is looked at below
    await waitUntil(async () => isOver || (await watcher.query(waiting)).rows.length === begun.length)
    await holder.query('COMMIT')
    await settled
    try {
      return await all
    } catch (error) {
      if (triesLeft === 0 || (error as { code?: string }).code !== 'unavailable') throw error
    }
  }
}

t.test('a change that was judged by a version waits for whoever is raising it, and does nothing then', async t => {
  const url = await emptyDatabase(t)
  const { users } = await opened(t, url)
  await users.seed([demo])
  let version = 0
  const raises = 'UPDATE users SET credentials_version = credentials_version + 1'
  const outcomes = await behindTheRow(t, url, raises, () => [
    users.update('id-a', { passwordHash: 'late' }, { ifVersion: version++ }),
  ])
  t.strictSame(outcomes, [undefined])
  t.match(await users.findById('id-a'), { passwordHash: null })
})

t.test('who counts while somebody else is counting goes on from there', async t => {
  const url = await emptyDatabase(t)
  const { limits } = await opened(t, url)
  t.match(await limits.increment('key', 3600), { count: 1 })
  let tries = 0
  const [counted] = await behindTheRow(t, url, 'UPDATE limits SET count = count + 1', () => {
    tries++
    return [limits.increment('key', 3600)]
  })
  t.equal(counted?.count, 1 + tries + 1)
})

t.test('logins that waited for the same row count each other', async t => {
  const url = await emptyDatabase(t)
  const { users, sessions } = await opened(t, url)
  await users.seed([demo])
  const lives = { idleSeconds: 1000, maxAgeSeconds: 9000, ip: null, userAgent: null, most: 1 }
  let sid = 0
  await behindTheRow(t, url, 'SELECT FROM users FOR UPDATE', () =>
    ['one', 'other'].map(() => sessions.create({ sid: `sid-${sid++}`, userId: 'id-a', ...lives }, 0)),
  )
  t.equal((await sessions.list('id-a', { limit: 10 })).length, 1, 'neither saw the other when it began')
})

t.test('a row that stays locked is unavailable after two seconds, and nothing has changed', async t => {
  const url = await emptyDatabase(t)
  const stores = await opened(t, url)
  const sid = await withSession(stores)
  const other = new pg.Client({ connectionString: url })
  await other.connect()
  await other.query('BEGIN')
  await other.query('SELECT * FROM sessions FOR UPDATE')

  await t.rejects(stores.sessions.rotate(sid, 0, policy), { ...away, message: /lock timeout/ })

  await other.query('ROLLBACK')
  await other.end()
  t.match((await stores.sessions.rotate(sid, 0, policy))?.session, { generation: 1 })
})

t.test('what the server undoes is asked again, eight times in all, and is an outage then', async t => {
  const url = await emptyDatabase(t)
  const stores = await opened(t, url)
  const sid = await withSession(stores)
  await runSql(
    url,
    `CREATE SEQUENCE asked; CREATE TABLE most (tries integer); INSERT INTO most VALUES (20);
    CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('asked') <= (SELECT tries FROM most) THEN RAISE 'undone' USING ERRCODE = '40001'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER undo BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION undo()`,
  )
  await t.rejects(stores.sessions.rotate(sid, 0, policy), away)
  t.match(await runSql(url, 'SELECT last_value::integer FROM asked'), [{ last_value: 8 }])
  await runSql(url, 'UPDATE most SET tries = 10')
  t.match(await stores.sessions.rotate(sid, 0, policy), { session: { generation: 1 } }, 'of which the third is taken')
})

t.test('who cleans up leaves alone what somebody holds, and does not wait for it', async t => {
  const url = await emptyDatabase(t)
  const stores = await opened(t, url)
  const held = await withSession(stores)
  const lives = { idleSeconds: 1000, maxAgeSeconds: 9000, ip: null, userAgent: null }
  await stores.sessions.create({ sid: 'other', userId: demo.userId, ...lives }, 0)
  await runSql(url, 'UPDATE sessions SET due_at = 1, expires_at = 1')
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  await holder.query(`BEGIN; SELECT FROM sessions WHERE sid = '${held}' FOR UPDATE`)
  t.equal(await stores.sessions.deleteEnded(0, 10), 1)
  await holder.query('ROLLBACK')
  await holder.end()
  t.equal(await stores.sessions.deleteEnded(0, 10), 1)
})
