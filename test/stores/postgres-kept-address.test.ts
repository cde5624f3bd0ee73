/** Somebody gives an address up and somebody else asks for it: however the two interleave, it is kept for the first. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { NewMail, NewUser, UserStore } from '../../src/stores/stores.ts'
import { migratedDatabase } from '../helpers/postgres.ts'
import { waitUntil } from '../helpers/process.ts'
import { opened } from './opened-postgres.ts'

const address = 'ana@example.com'
const newcomer: NewUser = { userId: 'id-eve', username: 'eve', email: address, role: 'user', passwordHash: null }
const ana: NewUser = { ...newcomer, userId: 'id-ana', username: 'ana' }
const bob: NewUser = { ...newcomer, userId: 'id-bob', username: 'bob', email: null }
const notice: NewMail = {
  id: randomBytes(16).toString('base64url'),
  purpose: 'password_changed',
  userId: null,
  address: 'bob@example.com',
  language: 'en',
  lastsSeconds: 60,
}

const claims: Record<string, (users: UserStore) => Promise<unknown>> = {
  'a new user': users => users.create(newcomer),
  'a new user with a mail': users => users.create(newcomer, { mails: [notice] }),
  'an imported user': async users => {
    const [outcome] = await users.importMissing([newcomer])
    if (outcome === 'taken') throw Object.assign(new Error(), { code: 'taken' })
  },
  'a user of before': users => users.update('id-bob', { email: address }),
}

for (const level of ['read committed', 'repeatable read', 'serializable']) {
  t.test(level, async t => {
    const url = await migratedDatabase(t)
    const option = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`
    const { users } = await opened(t, `${url}?options=${encodeURIComponent(option)}`)
    await users.create(bob)
    const owner = new pg.Client({ connectionString: url })
    const watcher = new pg.Client({ connectionString: url })
    for (const client of [owner, watcher]) {
      await client.connect()
      t.teardown(() => client.end())
    }
    const isWaiting = async () =>
      (
        await watcher.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
      ).rows.length > 0

    /** @returns what became of the claim */
    async function interleaved(claim: (users: UserStore) => Promise<unknown>): Promise<string> {
      await users.create(ana)
      // As `update` does it, and stopped before its end.
      await owner.query('BEGIN')
      await owner.query(`UPDATE users SET email = 'ana@example.org' WHERE user_id = 'id-ana'`)
      await owner.query(
        `INSERT INTO mails (id, purpose, user_id, address, language, created_at, expires_at)
        VALUES ('way back', 'undo', 'id-ana', $1, 'en', $2, $3)`,
        [address, systemClock(), systemClock() + 86_400],
      )
      let outcome = ''
      const claimed = claim(users).then(
        () => (outcome = 'claimed'),
        error => (outcome = error.code),
      )
      await waitUntil(async () => outcome !== '' || (await isWaiting()))
      await owner.query('COMMIT')
      await claimed
      for (const userId of ['id-ana', 'id-eve']) await users.delete(userId)
      return outcome
    }

    for (const [what, claim] of Object.entries(claims)) {
      let outcome = 'unavailable'
      // It waits for two seconds, and machines are busy.
      for (let i = 0; i < 10 && outcome === 'unavailable'; i++) outcome = await interleaved(claim)
      t.equal(outcome, 'taken', what)
    }
  })
}
