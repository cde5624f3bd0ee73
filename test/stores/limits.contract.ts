/** What every engine promises about counted windows. */
import type { Test } from 'tap'
import type { LimitStore, Stores } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

const year = 365 * 86_400

export function testLimits(t: Test, engine: Engine): void {
  t.test(`${engine.name}: a window counts every attempt, also over two handles, and starts anew when over`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    const { stores: second } = await engine.open(t, clock, where)

    const countsOf = async (handles: readonly Stores[], ...about: Parameters<LimitStore['increment']>) => {
      const counted = Array.from({ length: 20 }, (_, i) => handles[i % handles.length]?.limits.increment(...about))
      return (await Promise.all(counted)).map(one => one?.count ?? 0).sort((a, b) => a - b)
    }
    const each = Array.from({ length: 20 }, (_, i) => i + 1)
    t.strictSame(await countsOf([stores, second], 'key', 60), each)
    t.strictSame(
      await countsOf([stores], 'limited', 60, 5),
      each,
      'also of those who are within a limit and do not wait',
    )
    clock.advance(59)
    t.strictSame(await stores.limits.increment('key', 60), { count: 21, remainingSeconds: 1 })
    t.strictSame(await stores.limits.increment('limited', 60, 100), { count: 21, remainingSeconds: 1 })
    t.strictSame(await stores.limits.increment('other', 60), { count: 1, remainingSeconds: 60 })
    clock.advance(1)
    t.strictSame(await stores.limits.increment('key', 60), { count: 1, remainingSeconds: 60 })
    clock.advance(60)
    t.equal(await stores.limits.deleteEnded(2), 2, 'a few at a time')
    t.equal(await stores.limits.deleteEnded(2), 1)
  })

  t.test(`${engine.name}: a clock that was ahead leaves no window behind`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    const { limits } = stores
    for (const ahead of [1, 600, 10 * year]) {
      clock.advance(ahead)
      for (let i = 0; i < 5; i++) await limits.increment(`k${ahead}`, 60)
      clock.advance(-ahead)
      t.strictSame(await limits.increment(`k${ahead}`, 60), { count: 1, remainingSeconds: 60 }, `${ahead} seconds`)
      t.strictSame(await limits.increment(`k${ahead}`, 60), { count: 2, remainingSeconds: 60 })
    }
    clock.advance(10 * year)
    await limits.increment('gone', 60)
    clock.advance(-10 * year)
    t.equal(await limits.deleteEnded(10), 1, 'nor a row')
  })
}
