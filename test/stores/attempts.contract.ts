/** What every engine promises about failed attempts. */
import type { Test } from 'tap'
import { waitAfter } from '../../src/login/login-limit.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

const day = 86_400
const year = 365 * day

export function testAttempts(t: Test, engine: Engine): void {
  t.test(`${engine.name}: the wait of a bucket is the curve`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    for (const free of [1, 3, 5]) {
      for (let failures = 1; failures <= free + 13; failures++) {
        t.match(await stores.attempts.reserve(`a${free}`, 'k', free), { allowed: true, key: `a${free}` })
        const wait = waitAfter(failures, free)
        if (wait > 0) {
          t.strictSame(await stores.attempts.reserve(`a${free}`, 'k', free), { allowed: false, waitSeconds: wait })
          clock.advance(wait - 1)
          t.match(await stores.attempts.reserve(`a${free}`, 'k', free), { allowed: false, waitSeconds: 1 })
          clock.advance(1)
        }
      }
    }
  })

  t.test(`${engine.name}: of 100 attempts at once no more pass than are free`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    const { stores: second } = await engine.open(t, clock, where)
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 ? stores : second).attempts.reserve('a', 'k', 5)),
    )
    t.equal(outcomes.filter(one => one.allowed).length, 5)
  })

  t.test(`${engine.name}: a booking can be taken back, and buckets go a day after the last attempt`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    await stores.attempts.reserve('a', 'k', 1)
    t.match(await stores.attempts.reserve('a', 'k', 1), { allowed: false })
    await stores.attempts.release('a', 'k')
    t.match(await stores.attempts.reserve('a', 'k', 1), { allowed: true })
    clock.advance(86_399)
    t.equal(await stores.attempts.deleteEnded(10), 0)
    clock.advance(1)
    t.match(await stores.attempts.reserve('b', 'k', 2), { allowed: true })
    t.equal(await stores.attempts.deleteEnded(10), 1)
    for (const bucket of ['x', 'y', 'z']) await stores.attempts.reserve(bucket, 'k', 1)
    clock.advance(86_400)
    t.equal(await stores.attempts.deleteEnded(3), 3, 'a few at a time')
    t.equal(await stores.attempts.deleteEnded(3), 1)

    for (const wait of [1, 2, 0]) {
      t.match(await stores.attempts.reserve('c', 'k', 1), { allowed: true })
      clock.advance(wait)
    }
    await stores.attempts.release('c', 'k')
    clock.advance(2) // of the 4 that the third one brought
    t.match(await stores.attempts.reserve('c', 'k', 1), { allowed: true }, 'nor does its wait come back later')
  })

  t.test(
    `${engine.name}: nothing stays of a bucket whose only booking is taken back, unless it is a known one`,
    async t => {
      const clock = movableClock()
      const { stores } = await engine.open(t, clock)
      const { attempts } = stores
      await attempts.succeed('a', 'home')
      await attempts.reserve('a', 'home', 1)
      await attempts.release('home', 'home')
      t.match(await attempts.reserve('a', 'home', 1), { allowed: true, key: 'home' })

      await attempts.reserve('b', 'k', 1)
      await attempts.release('b', 'k')
      await attempts.reserve('c', 'k', 3)
      await attempts.reserve('c', 'k', 3)
      await attempts.release('c', 'k')
      clock.advance(day)
      t.equal(await attempts.deleteEnded(10), 1, 'c alone was there')
    },
  )

  t.test(
    `${engine.name}: several bookings are taken back at once, and a bucket known by itself has the day of its last renewal`,
    async t => {
      const clock = movableClock()
      const { stores } = await engine.open(t, clock)
      const { attempts } = stores
      const book = () => attempts.reserve('a', 'a', 3)
      for (let failures = 1; failures <= 4; failures++) {
        t.match(await book(), { allowed: true, key: 'a', failures })
        clock.advance(waitAfter(failures, 3))
      }
      await attempts.release('a', '', 3)
      t.match(await book(), { allowed: true, failures: 2 }, 'of others')
      clock.advance(day - 10)
      await attempts.renew('a')
      for (let i = 0; i < 2; i++) {
        clock.advance(day / 2 - 1)
        t.match(await book(), { allowed: true, failures: 3 })
        await attempts.release('a', '')
      }
      clock.advance(2)
      t.match(await book(), { allowed: true, failures: 1 }, 'a booking renews nothing')
      await attempts.release('a', '', 5)
      clock.advance(day)
      t.equal(await attempts.deleteEnded(10), 0, 'nothing is left of it')
    },
  )

  t.test(`${engine.name}: a clock that was ahead leaves no wait behind`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    const { attempts } = stores
    await attempts.succeed('a', 'home')
    for (const ahead of [2, 600, 10 * year]) {
      clock.advance(ahead)
      await attempts.reserve(`a${ahead}`, null, 1)
      if (ahead === 2) await attempts.reserve('a', 'home', 1)
      clock.advance(-ahead)
      t.match(await attempts.reserve(`a${ahead}`, null, 1), { allowed: true }, `${ahead} seconds`)
      t.match(await attempts.reserve(`a${ahead}`, null, 1), { allowed: false }, 'and counts from now on')
    }
    t.match(await attempts.reserve('a', 'home', 1), { allowed: true, key: 'home' }, 'nor at a known address')
    clock.advance(day)
    t.equal(await attempts.deleteEnded(10), 3, 'nor a row')
  })
}
