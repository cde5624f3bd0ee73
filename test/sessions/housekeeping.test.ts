/** What is over is deleted, all of it, and not before its time. */
import t, { type Test } from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { newMail } from '../../src/mail/new-mail.ts'
import { deleteEnded } from '../../src/sessions/housekeeping.ts'
import { createRevocations } from '../../src/sessions/revocations.ts'
import { movableClock } from '../helpers/clock.ts'

const calm = { sinceJump: () => Number.POSITIVE_INFINITY }
const many = 250

async function filled(t: Test) {
  const clock = movableClock()
  const stores = await openSqliteStores(':memory:', clock)
  t.teardown(stores.close)
  await stores.users.seed([{ userId: 'u', username: 'u', email: null, role: 'user', passwordHash: null }])
  const lives = { userId: 'u', idleSeconds: 600, maxAgeSeconds: 600, ip: null, userAgent: null }
  for (let i = 0; i < many; i++) {
    await stores.sessions.create({ sid: `s${i}`, ...lives }, 0)
    await stores.attempts.reserve(`a${i}`, null, 5, 'u')
    await stores.limits.increment(`l${i}`, 60)
  }
  return { clock, stores }
}

t.test('one housekeeping deletes all that is over, of every kind and however many', async t => {
  const { clock, stores } = await filled(t)
  await stores.mails.replace(newMail('reset', 'u', 'u@example.com', 'en'), 1)
  const challenge = { challengeId: 'c', kind: 'login', userId: 'u', credentialsVersion: 0, data: null }
  await stores.challenges.open(challenge, 300)
  clock.advance(86_400 + 661)
  await deleteEnded(stores, calm, () => false)
  t.equal(await stores.sessions.deleteEnded(0, 10), 0)
  t.equal(await stores.attempts.deleteEnded(10), 0)
  t.equal(await stores.limits.deleteEnded(10), 0)
  t.equal(await stores.mails.deleteEnded(10), 0)
  t.equal(await stores.challenges.deleteEnded(10), 0)
  t.equal(await stores.sessions.find('s1'), undefined)
})

t.test('a session that ended stays as long as any access token may live, and a minute', async t => {
  const { clock, stores } = await filled(t)
  await stores.sessions.revoke('s1', 'logout')
  clock.advance(86_400 + 60)
  await deleteEnded(stores, calm, () => false)
  t.match((await stores.sessions.find('s1'))?.session, { revokeReason: 'logout' })
  clock.advance(1)
  await deleteEnded(stores, calm, () => false)
  t.equal(await stores.sessions.find('s1'), undefined)
})

t.test('in the ten minutes after a clock has jumped nothing is deleted', async t => {
  const { clock, stores } = await filled(t)
  clock.advance(2 * 86_400)
  await deleteEnded(stores, { sinceJump: () => 599 }, () => false)
  t.equal(await stores.attempts.deleteEnded(1), 1, 'all are there')
  await deleteEnded(stores, { sinceJump: () => 600 }, () => false)
  t.equal(await stores.attempts.deleteEnded(1), 0)
})

t.test('a stop ends it between two batches', async t => {
  const { clock, stores } = await filled(t)
  clock.advance(2 * 86_400)
  let asked = 0
  await deleteEnded(stores, calm, () => ++asked > 1)
  t.ok((await stores.sessions.deleteEnded(0, 1000)) > 0, 'some are left')
  t.equal(await stores.attempts.deleteEnded(1000), many, 'and all of what would have come later')
})

t.test('while the polls fail the list grows old', async t => {
  const clock = movableClock()
  let isAway = false
  let elapsed = 0
  const revocations = createRevocations(
    {
      async revokedSince() {
        if (isAway) throw new Error('away')
        return { now: clock(), revoked: [] }
      },
    },
    clock,
    900,
    { stopwatch: () => elapsed },
  )
  await revocations.poll()
  isAway = true
  for (let i = 0; i < 10; i++) {
    clock.advance(1)
    elapsed++
    await t.rejects(revocations.poll())
  }
  t.equal(revocations.age(), 10)
  t.equal(revocations.isFresh(), false)
})
