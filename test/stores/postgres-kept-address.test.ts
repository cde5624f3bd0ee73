/** Somebody gives an address up and somebody else asks for it: however the two interleave, it is kept for the first. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { NewMail, NewUser, UserStore } from '../../src/stores/stores.ts'
import { interleaved, levels, whenAvailable } from './interleaved.ts'

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

for (const level of levels) {
  t.test(level, async t => {
    const { stores, other, act } = await interleaved(t, level)
    const { users } = stores
    await users.create(bob)

    // As `update` does it, and stopped before its end.
    async function giveUp(): Promise<void> {
      await other.query(`UPDATE users SET email = 'ana@example.org' WHERE user_id = 'id-ana'`)
      await other.query(
        `INSERT INTO mails (id, purpose, user_id, address, language, created_at, expires_at)
        VALUES ('way back', 'undo', 'id-ana', $1, 'en', $2, $3)`,
        [address, systemClock(), systemClock() + 86_400],
      )
    }

    /** @returns what became of the claim */
    async function tryOnce(claim: (users: UserStore) => Promise<unknown>): Promise<string> {
      await users.create(ana)
      const outcome = await act(giveUp, () => claim(users))
      for (const userId of ['id-ana', 'id-eve']) await users.delete(userId)
      return outcome
    }

    for (const [what, claim] of Object.entries(claims))
      t.equal(await whenAvailable(() => tryOnce(claim)), 'taken', what)
  })
}
