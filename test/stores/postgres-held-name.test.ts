/** A registration holds a name while a user gets it: however the two interleave, it is one's. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { NewUser, Stores } from '../../src/stores/stores.ts'
import { migratedDatabase } from '../helpers/postgres.ts'
import { waitUntil } from '../helpers/process.ts'
import { opened } from './opened-postgres.ts'

const bob: NewUser = { userId: 'id-bob', username: 'bob', email: null, role: 'user', passwordHash: null }
const ana: NewUser = { ...bob, userId: 'id-ana', username: 'ana' }

const refusedUnless = (isDone: boolean) => {
  if (!isDone) throw Object.assign(new Error(), { code: 'taken' })
}

const gettings: Record<string, (stores: Stores) => Promise<unknown>> = {
  'a new user': ({ users }) => users.create(ana),
  'an imported user': async ({ users }) => refusedUnless((await users.importMissing([ana]))[0] === 'inserted'),
  'a user of before': ({ users }) => users.update('id-bob', { username: 'ana' }),
}

const holding = ({ mails }: Stores) =>
  mails
    .register({
      id: randomBytes(16).toString('base64url'),
      purpose: 'register',
      userId: null,
      address: 'ana@example.com',
      language: 'en',
      lastsSeconds: 60,
      username: 'ana',
      passwordHash: 'hash',
    })
    .then(refusedUnless)

/** As the acts do it, and stopped before their end. */
const held = [
  `INSERT INTO users (user_id, username, role, created_at) VALUES ('id-eve', 'ana', '', 1)`,
  `DELETE FROM users WHERE user_id = 'id-eve'`,
  `INSERT INTO mails (id, purpose, username, language, created_at, expires_at)
  VALUES ('a link', 'register', 'ana', 'en', ${systemClock()}, ${systemClock() + 86_400})`,
]
const got = [`INSERT INTO users (user_id, username, role, created_at) VALUES ('id-eve', 'ana', '', 1)`]

for (const level of ['read committed', 'repeatable read', 'serializable']) {
  t.test(level, async t => {
    const url = await migratedDatabase(t)
    const option = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`
    const stores = await opened(t, `${url}?options=${encodeURIComponent(option)}`)
    await stores.users.create(bob)
    const other = new pg.Client({ connectionString: url })
    const watcher = new pg.Client({ connectionString: url })
    for (const client of [other, watcher]) {
      await client.connect()
      t.teardown(() => client.end())
    }
    const isWaiting = async () =>
      (
        await watcher.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
      ).rows.length > 0

    /** @returns what became of the second act */
    async function interleaved(first: readonly string[], second: (stores: Stores) => Promise<unknown>) {
      await other.query('BEGIN')
      for (const statement of first) await other.query(statement)
      let outcome = ''
      const act = second(stores).then(
        () => (outcome = 'done'),
        error => (outcome = error.code),
      )
      await waitUntil(async () => outcome !== '' || (await isWaiting()))
      await other.query('COMMIT')
      await act
      await other.query(`DELETE FROM mails; DELETE FROM users WHERE user_id <> 'id-bob'`)
      await other.query(`UPDATE users SET username = 'bob'`)
      return outcome
    }

    for (const [what, first, second] of [
      ...Object.entries(gettings).map(([what, get]) => [`${what} gets a name that is held`, held, get] as const),
      ['a registration holds a name that somebody gets', got, holding] as const,
    ]) {
      let outcome = 'unavailable'
      // It waits for two seconds, and machines are busy.
      for (let i = 0; i < 10 && outcome === 'unavailable'; i++) outcome = await interleaved(first, second)
      t.equal(outcome, 'taken', what)
    }
    t.equal(await interleaved([], holding), 'done')
    for (const [what, get] of Object.entries(gettings)) t.equal(await interleaved([], get), 'done', what)
  })
}
