/** What every engine promises about second factors and recovery codes. */
import type { Test } from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import type { NewFactor, Stores } from '../../src/stores/stores.ts'
import { challenge, seeded } from './challenges.contract.ts'
import type { Engine } from './stores.contract.ts'

const factor = (factorId: string, changes: Partial<NewFactor> = {}): NewFactor => ({
  factorId,
  userId: 'id-a',
  kind: 'totp',
  name: null,
  lastStep: 100,
  data: `sealed ${factorId}`,
  ...changes,
})
const codes = Array.from({ length: 10 }, (_, i) => `code${i}`)

async function enrol({ factors, challenges, users }: Stores, given: NewFactor, how: object = {}) {
  const { credentialsVersion = 0 } = (await users.findById(given.userId)) ?? {}
  await challenges.open(challenge('enrolment', { userId: given.userId, credentialsVersion }), 600)
  return factors.add(given, { challengeId: 'enrolment', keep: 'kept', ...how })
}

async function session({ sessions }: Stores, sid: string, version = 0) {
  const lives = { idleSeconds: 1000, maxAgeSeconds: 9000, ip: null, userAgent: null }
  await sessions.create({ sid, userId: 'id-a', ...lives }, version)
}

export function testFactors(t: Test, engine: Engine): void {
  t.test(
    `${engine.name}: a factor comes with its challenge, raises the version and ends the other sessions`,
    async t => {
      const { stores, clock } = await seeded(t, engine)
      for (const sid of ['kept', 'other']) await session(stores, sid)
      t.strictSame((await stores.users.findById('id-a'))?.secondFactors, [])

      const change = await enrol(stores, factor('one'), { codes })

      t.match(change?.user, { credentialsVersion: 1, secondFactors: ['totp'] })
      t.strictSame(change?.ended, [{ sid: 'other', wasLive: true }])
      t.match((await stores.sessions.find('other'))?.session, { revokeReason: 'factors_changed' })
      t.strictSame(await stores.factors.list('id-a'), [{ ...factor('one'), createdAt: clock(), lastUsedAt: null }])
      t.equal(await stores.factors.countCodes('id-a'), 10)
      t.strictSame(await stores.factors.list('id-b'), [])
      t.match(await stores.users.findByUsername('a'), { secondFactors: ['totp'] })
      t.equal(
        await stores.factors.add(factor('two'), { challengeId: 'enrolment', keep: 'kept' }),
        undefined,
        'a challenge is good for one',
      )
    },
  )

  t.test(
    `${engine.name}: a change of a user may drop the factors since a moment, and with them the recovery codes`,
    async t => {
      const { stores, clock } = await seeded(t, engine)
      await enrol(stores, factor('before'), { codes })
      clock.advance(100)
      const since = clock()
      await enrol(stores, factor('after', { kind: 'passkey' }))
      t.strictSame((await stores.users.findById('id-a'))?.secondFactors, ['passkey', 'totp'])

      const changed = await stores.users.update('id-a', { passwordHash: null }, { dropsFactorsSince: since })
      t.strictSame(changed?.user.secondFactors, ['totp'])
      t.strictSame(
        (await stores.factors.list('id-a')).map(({ factorId }) => factorId),
        ['before'],
      )
      t.equal(await stores.factors.countCodes('id-a'), 0)
      await stores.users.update('id-a', {}, { dropsFactorsSince: 0 })
      t.strictSame((await stores.users.findById('id-a'))?.secondFactors, [])
    },
  )

  t.test(`${engine.name}: without an open challenge of this user as it was then, nothing is added`, async t => {
    const { stores, clock } = await seeded(t, engine)
    const add = () => stores.factors.add(factor('one'), { challengeId: 'enrolment', keep: 'kept', codes })
    t.equal(await add(), undefined, 'none')
    await stores.challenges.open(challenge('enrolment', { userId: 'id-b' }), 600)
    t.equal(await add(), undefined, "somebody else's")
    await stores.challenges.open(challenge('enrolment'), 600)
    await stores.users.update('id-a', { passwordHash: 'another' })
    t.equal(await add(), undefined, 'the password was changed')
    await stores.challenges.open(challenge('enrolment', { credentialsVersion: 1 }), 600)
    clock.advance(600)
    t.equal(await add(), undefined, 'over')
    t.strictSame(await stores.factors.list('id-a'), [])
    t.equal(await stores.factors.countCodes('id-a'), 0)
  })

  t.test(
    `${engine.name}: where the challenge was closed before, the version alone counts; an id is one factor's`,
    async t => {
      const { stores, clock } = await seeded(t, engine)
      const key = (userId = 'id-a') => factor('key', { userId, kind: 'passkey', lastStep: null })
      t.equal(await stores.factors.add(key(), { ifVersion: 1, keep: '' }), undefined, 'another version')
      t.match(await stores.factors.add(key(), { ifVersion: 0, keep: '' }), { user: { secondFactors: ['passkey'] } })
      t.equal(await stores.factors.add(key(), { ifVersion: 1, keep: '' }), undefined, 'once more')
      t.equal(await stores.factors.add(key('id-b'), { ifVersion: 0, keep: '' }), undefined, "of somebody else's")
      t.match(await stores.users.findById('id-b'), { credentialsVersion: 0, secondFactors: [] })

      t.match(await stores.factors.find('key'), { userId: 'id-a', kind: 'passkey', lastUsedAt: null })
      t.equal(await stores.factors.find('unknown'), undefined)
      clock.advance(60)
      t.equal(await stores.factors.use('key', 'used'), true)
      t.equal(await stores.factors.use('unknown', 'used'), false)
      t.match(await stores.factors.list('id-a'), [{ lastUsedAt: clock(), data: 'used', createdAt: clock() - 60 }])
      t.match(await stores.users.findById('id-a'), { credentialsVersion: 1 }, 'which changes no credentials')
    },
  )

  t.test(`${engine.name}: of enrolments at once with one challenge one wins`, async t => {
    const { stores, second } = await seeded(t, engine)
    await stores.challenges.open(challenge('enrolment'), 600)
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (i % 2 ? stores : second).factors.add(factor(`f${i}`), {
          challengeId: 'enrolment',
          keep: '',
          isOnly: true,
          codes: [`c${i}`],
        }),
      ),
    )
    t.equal(outcomes.filter(Boolean).length, 1)
    t.equal((await stores.factors.list('id-a')).length, 1)
    t.equal(await stores.factors.countCodes('id-a'), 1)
  })

  t.test(
    `${engine.name}: a new one takes the place of its kind where it is the only one, and codes of all codes`,
    async t => {
      const { stores } = await seeded(t, engine)
      await enrol(stores, factor('key', { kind: 'passkey', name: 'my phone', lastStep: null }))
      await enrol(stores, factor('old'), { codes })
      await enrol(stores, factor('b', { userId: 'id-b' }), { codes: ['b'] })
      const change = await enrol(stores, factor('new'), { isOnly: true, codes: ['x', 'y'] })
      t.match(change?.user, { credentialsVersion: 3, secondFactors: ['passkey', 'totp'] })
      t.strictSame((await stores.factors.list('id-a')).map(({ factorId }) => factorId).sort(), ['key', 'new'])
      t.equal(await stores.factors.countCodes('id-a'), 2)
      t.equal(await stores.factors.countCodes('id-b'), 1)
      t.strictSame(await stores.factors.listOwners('', 10), ['id-a', 'id-b'])
      t.strictSame(await stores.factors.listOwners('id-a', 10), ['id-b'])
      t.strictSame(await stores.factors.listOwners('', 1), ['id-a'])
    },
  )

  t.test(
    `${engine.name}: what is removed ends sessions, the last one takes the codes along, and a refusal changes nothing`,
    async t => {
      const { stores } = await seeded(t, engine)
      await enrol(stores, factor('key', { kind: 'passkey', lastStep: null }))
      await enrol(stores, factor('app'), { codes })
      await session(stores, 'other', 2)
      const refuse = () => {
        throw new SignetError('last_admin', 'as an example')
      }
      await t.rejects(stores.factors.remove('id-a', { kind: 'totp' }, { allow: refuse }), { code: 'last_admin' })
      t.match(await stores.users.findById('id-a'), { credentialsVersion: 2, secondFactors: ['passkey', 'totp'] })

      const told: unknown[] = []
      const change = await stores.factors.remove(
        'id-a',
        { kind: 'totp' },
        { allow: (_, kinds) => void told.push(kinds) },
      )
      t.strictSame(told, [['passkey']])
      t.match(change, { user: { credentialsVersion: 3, secondFactors: ['passkey'] }, ended: [{ sid: 'other' }] })
      t.equal(await stores.factors.countCodes('id-a'), 10, 'they stand in for the key')
      t.equal(await stores.factors.remove('id-a', { kind: 'totp' }), undefined)
      t.equal(await stores.factors.remove('id-a', { factorId: 'app' }), undefined)
      t.match((await stores.factors.remove('id-a', { factorId: 'key' }))?.user, { secondFactors: [] })
      t.equal(await stores.factors.countCodes('id-a'), 0)
      t.equal(await stores.factors.remove('id-b', {}), undefined)
    },
  )

  t.test(`${engine.name}: a time step is used once and never goes back, whoever asks and however many`, async t => {
    const { stores, second, clock } = await seeded(t, engine)
    await enrol(stores, factor('one'))
    clock.advance(60)
    const use = (step: number, times: number) =>
      Promise.all(Array.from({ length: times }, (_, i) => (i % 2 ? stores : second).factors.useStep('one', step)))
    t.strictSame(await use(100, 2), [false, false], 'the one that confirmed it')
    t.match(await stores.factors.find('one'), { lastUsedAt: null })
    t.equal((await use(102, 200)).filter(Boolean).length, 1)
    t.strictSame(await use(101, 2), [false, false], 'an earlier one')
    t.match(await stores.factors.find('one'), { lastUsedAt: clock(), createdAt: clock() - 60 })
    clock.advance(30)
    t.strictSame(await use(103, 1), [true])
    t.match(await stores.factors.list('id-a'), [{ lastUsedAt: clock(), lastStep: 103 }])
    t.equal(await stores.factors.useStep('nobody', 104), false)
  })

  t.test(`${engine.name}: a recovery code is spent once, by its owner`, async t => {
    const { stores, second } = await seeded(t, engine)
    await enrol(stores, factor('one'), { codes })
    await enrol(stores, factor('b', { userId: 'id-b' }), { codes: ['b'] })
    t.equal(await stores.factors.spendCode('id-b', 'code0'), undefined)
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, i) => (i % 2 ? stores : second).factors.spendCode('id-a', 'code0')),
    )
    t.strictSame(
      outcomes.filter(left => left !== undefined),
      [9],
    )
    t.equal(await stores.factors.spendCode('id-a', 'code1'), 8)
    t.equal(await stores.factors.replaceCodes('id-a', ['new']), true)
    t.equal(await stores.factors.spendCode('id-a', 'code2'), undefined)
    t.equal(await stores.factors.spendCode('id-a', 'new'), 0)
    await stores.factors.remove('id-b', {})
    t.equal(await stores.factors.replaceCodes('id-b', ['b']), false, 'there is nothing they could stand in for')
    t.equal(await stores.factors.countCodes('id-b'), 0)
  })

  t.test(`${engine.name}: of new recovery codes made at once one set is good, and none without a factor`, async t => {
    const { stores, second } = await seeded(t, engine)
    await enrol(stores, factor('one'), { codes })
    const replaced = () =>
      Array.from({ length: 6 }, (_, i) => (i % 2 ? stores : second).factors.replaceCodes('id-a', [`x${i}`, `y${i}`]))
    for (let round = 0; round < 3; round++) {
      t.ok((await Promise.all(replaced())).every(Boolean))
      t.equal(await stores.factors.countCodes('id-a'), 2)
    }
    await Promise.all([...replaced(), stores.factors.remove('id-a', {}), ...replaced()])
    t.equal(await stores.factors.countCodes('id-a'), 0)
  })

  t.test(`${engine.name}: nothing stays of a deleted user's factors`, async t => {
    const { stores } = await seeded(t, engine)
    await enrol(stores, factor('one'), { codes })
    await stores.users.delete('id-a')
    t.strictSame(await stores.factors.list('id-a'), [])
    t.equal(await stores.factors.countCodes('id-a'), 0)
  })

  for (const kind of ['totp', 'passkey'] as const)
    t.test(`${engine.name}: a data key that nothing opens is replaced while nobody has a factor: ${kind}`, async t => {
      const { stores } = await seeded(t, engine)
      await stores.keys.replaceDataKey(undefined, 'one')
      t.equal(await stores.keys.replaceDataKey('one', 'two', 'ifUnused'), true)
      await enrol(stores, factor('one', { kind }))
      t.equal(await stores.keys.replaceDataKey('two', 'three', 'ifUnused'), false)
      t.equal(await stores.keys.replaceDataKey('two', 'three'), true, 'by whoever could open it')
    })
}
