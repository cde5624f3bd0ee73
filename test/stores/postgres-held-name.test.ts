/** A registration holds a name while a user gets it: however the two interleave, it is one's. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { systemClock } from '../../src/base/clock.ts'
import type { NewUser, Stores } from '../../src/stores/stores.ts'
import { interleaved, levels, whenAvailable } from './interleaved.ts'

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

for (const level of levels) {
  t.test(level, async t => {
    const { stores, other, act } = await interleaved(t, level)
    await stores.users.create(bob)

    /** @returns what became of the second act */
    async function tryOnce(first: readonly string[], second: (stores: Stores) => Promise<unknown>): Promise<string> {
      const begin = async () => {
        for (const statement of first) await other.query(statement)
      }
      const outcome = await act(begin, () => second(stores))
      await other.query(`DELETE FROM mails; DELETE FROM users WHERE user_id <> 'id-bob'`)
      await other.query(`UPDATE users SET username = 'bob'`)
      return outcome
    }

    for (const [what, first, second] of [
      ...Object.entries(gettings).map(([what, get]) => [`${what} gets a name that is held`, held, get] as const),
      ['a registration holds a name that somebody gets', got, holding] as const,
    ]) {
      t.equal(await whenAvailable(() => tryOnce(first, second)), 'taken', what)
    }
    t.equal(await tryOnce([], holding), 'done')
    for (const [what, get] of Object.entries(gettings)) t.equal(await tryOnce([], get), 'done', what)
  })
}
