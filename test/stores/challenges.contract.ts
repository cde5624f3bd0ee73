/** What every engine promises about challenges, which an enrolment and a second step of a login need. */
import type { Test } from 'tap'
import type { NewChallenge, NewUser } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

export function testChallenges(t: Test, engine: Engine): void {
  t.test(`${engine.name}: a challenge is open for its time and kind, has so many tries, and is taken once`, async t => {
    const { stores, second, clock } = await seeded(t, engine)
    const { challenges } = stores
    await challenges.open(challenge('c', { kind: 'login', credentialsVersion: 7, data: null }), 300)
    const found = { ...challenge('c', { kind: 'login', credentialsVersion: 7, data: null }), tries: 0, wrongCodes: 0 }
    t.strictSame(await challenges.find('c', 'login'), found)
    t.equal(await challenges.find('c', 'totp'), undefined)
    t.equal(await challenges.take('c', 'totp'), undefined)
    const tries = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? stores : second).challenges.countTry('c', 5)),
    )
    t.equal(tries.filter(Boolean).length, 5)
    await Promise.all([stores, second, second].map(one => one.challenges.countWrongCode('c')))
    t.match(await challenges.find('c', 'login'), { tries: 5, wrongCodes: 3 })
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? stores : second).challenges.take('c', 'login')),
    )
    t.strictSame(taken.filter(Boolean), [{ ...found, tries: 5, wrongCodes: 3 }])

    await challenges.countWrongCode('c')
    t.equal(await challenges.find('c', 'login'), undefined)

    await challenges.open(challenge('d'), 300)
    await challenges.countTry('d', 5)
    await challenges.countWrongCode('d')
    await challenges.open(challenge('d', { data: 'newer' }), 300)
    t.match(await challenges.find('d', 'totp'), { data: 'newer', tries: 0, wrongCodes: 0 })
    clock.advance(299)
    t.equal(await challenges.countTry('d', 5), true)
    t.equal(await challenges.deleteEnded(10), 0)
    clock.advance(1)
    t.equal(await challenges.countTry('d', 5), false)
    t.equal(await challenges.find('d', 'totp'), undefined)
    t.equal(await challenges.take('d', 'totp'), undefined)
    t.equal(await challenges.deleteEnded(10), 1)
    for (const id of ['e', 'f', 'g']) await challenges.open(challenge(id), 300)
    clock.advance(300)
    t.equal(await challenges.deleteEnded(2), 2, 'a few at a time')
    t.equal(await challenges.deleteEnded(2), 1)
  })
}

const user = (name: string): NewUser => ({
  userId: `id-${name}`,
  username: name,
  email: null,
  role: 'user',
  passwordHash: null,
})

/** Of an enrolment, unless something else is said. */
export const challenge = (challengeId: string, changes: Partial<NewChallenge> = {}): NewChallenge => ({
  challengeId,
  kind: 'totp',
  userId: 'id-a',
  credentialsVersion: 0,
  data: 'sealed',
  ...changes,
})

/** Two users, and two handles on their database. */
export async function seeded(t: Test, engine: Engine) {
  const clock = movableClock()
  const { stores, where } = await engine.open(t, clock)
  await stores.users.seed([user('a'), user('b')])
  const { stores: second } = await engine.open(t, clock, where)
  return { stores, second, clock }
}
