/** What every engine promises about the key ring. */
import type { Test } from 'tap'
import type { NewSigningKey } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

const key = (kid: string, alg = 'ES256'): NewSigningKey => ({
  kid,
  alg,
  publicJwk: `{"kid":"${kid}"}`,
  privateKey: `sealed ${kid}`,
})

export function testKeys(t: Test, engine: Engine): void {
  t.test(`${engine.name}: an algorithm has one current and one next key, however many instances offer one`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    const { stores: second } = await engine.open(t, clock, where)
    const offer = (state: 'current' | 'next', prefix: string) =>
      Promise.all(
        Array.from({ length: 10 }, (_, i) => (i % 2 ? stores : second).keys.insert(key(`${prefix}${i}`), state, 360)),
      )

    for (const state of ['current', 'next'] as const) {
      t.equal((await offer(state, state)).filter(Boolean).length, 1)
    }
    t.equal(await stores.keys.insert(key('other', 'EdDSA'), 'current', 0), true, 'of another algorithm')

    const { now, keys } = await stores.keys.list()
    t.equal(now, clock())
    t.strictSame(keys.map(({ alg, state, since, changesAt }) => [alg, state, since, changesAt]).sort(), [
      ['ES256', 'current', now, null],
      ['ES256', 'next', now, now + 360],
      ['EdDSA', 'current', now, null],
    ])
  })

  t.test(
    `${engine.name}: a next key signs from its date on, once, and the former one loses its private half`,
    async t => {
      const clock = movableClock()
      const { stores } = await engine.open(t, clock)
      await stores.keys.insert(key('a'), 'current', 0)
      await stores.keys.insert(key('b'), 'next', 360)
      clock.advance(359)
      t.equal(await stores.keys.activate('b', 960), false, 'too early')
      clock.advance(1)

      const outcomes = await Promise.all(Array.from({ length: 5 }, () => stores.keys.activate('b', 960)))

      t.equal(outcomes.filter(Boolean).length, 1)
      const { now, keys } = await stores.keys.list()
      t.match(
        keys.find(({ kid }) => kid === 'b'),
        { state: 'current', since: now, changesAt: null, privateKey: 'sealed b' },
      )
      t.match(
        keys.find(({ kid }) => kid === 'a'),
        { state: 'retired', since: now, changesAt: now + 960, privateKey: null },
      )
      clock.advance(959)
      t.equal(await stores.keys.deleteEnded(), 0)
      clock.advance(1)
      t.equal(await stores.keys.deleteEnded(), 1)
      t.strictSame(
        (await stores.keys.list()).keys.map(({ kid }) => kid),
        ['b'],
      )
    },
  )

  t.test(`${engine.name}: an emergency leaves one new key of its algorithm, and others alone`, async t => {
    const { stores } = await engine.open(t, movableClock())
    await stores.keys.insert(key('a'), 'current', 0)
    await stores.keys.insert(key('b'), 'next', 360)
    await stores.keys.insert(key('c', 'EdDSA'), 'current', 0)
    await stores.keys.replaceAll(key('d'))
    t.strictSame((await stores.keys.list()).keys.map(({ kid, state }) => `${kid} ${state}`).sort(), [
      'c current',
      'd current',
    ])
  })

  t.test(`${engine.name}: a private half is re-encrypted once`, async t => {
    const { stores } = await engine.open(t, movableClock())
    await stores.keys.insert(key('a'), 'current', 0)
    const outcomes = await Promise.all(['x', 'y'].map(to => stores.keys.reencrypt('a', 'sealed a', to)))
    t.equal(outcomes.filter(Boolean).length, 1)
  })

  t.test(
    `${engine.name}: of those who make or replace the data key at once one does, and a copy is not it`,
    async t => {
      const clock = movableClock()
      const { stores, where } = await engine.open(t, clock)
      const { stores: second } = await engine.open(t, clock, where)
      const replace = (from: string | undefined) =>
        Promise.all(
          Array.from({ length: 10 }, (_, i) => (i % 2 ? stores : second).keys.replaceDataKey(from, `${from}${i}`)),
        )
      t.equal(await stores.keys.findDataKey(), undefined)
      t.equal(await stores.keys.replaceDataKey('another', 'x'), false)
      for (let round = 0; round < 2; round++) {
        t.equal((await replace(await stores.keys.findDataKey())).filter(Boolean).length, 1)
      }
      t.match(await second.keys.findDataKey(), /^undefined\d\d$/)
      t.equal(await stores.keys.replaceDataKey(undefined, 'x'), false)
    },
  )
}
