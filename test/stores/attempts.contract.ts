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

  t.test(`${engine.name}: a success forgets the failures, and its address keeps a bucket of its own`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    await stores.attempts.reserve('a', 'home', 2)
    await stores.attempts.succeed('a', 'home')

    for (let i = 0; i < 2; i++) await stores.attempts.reserve('a', 'elsewhere', 2)
    t.match(await stores.attempts.reserve('a', 'elsewhere', 2), { allowed: false })
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: true, key: 'home' })
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: true, key: 'home' })
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: false }, 'and is limited as well')
    clock.advance(1)
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: true })
    await stores.attempts.succeed('home', 'home')
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: true, key: 'home' })
    t.match(await stores.attempts.reserve('a', 'elsewhere', 2), { allowed: true }, 'its own wait is over by now')

    clock.advance(30 * 86_400)
    t.match(
      await stores.attempts.reserve('a', 'home', 2),
      { allowed: true, key: 'a' },
      'after 30 days it is a stranger',
    )
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

  t.test(`${engine.name}: with no bucket to be known by, one of its own is opened and counted in`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    const { attempts } = stores
    for (let i = 0; i < 2; i++) t.match(await attempts.reserve('device', null, 2), { allowed: true, key: 'device' })
    t.strictSame(await attempts.reserve('device', null, 2), { allowed: false, waitSeconds: 1 })
    t.match(await attempts.reserve('a', 'home', 2), { allowed: true, key: 'a' }, 'the other one knows nothing of it')
    clock.advance(1)
    t.match(await attempts.reserve('device', null, 2), { allowed: true })
    await attempts.succeed('device', 'home')
    t.match(await attempts.reserve('a', 'home', 2), { allowed: true, key: 'home' })
    for (let i = 0; i < 2; i++)
      t.match(await attempts.reserve('device', null, 2), { allowed: true }, 'from the beginning')
  })

  t.test(`${engine.name}: a user is found and booked for in one act, as in two`, async t => {
    const { stores } = await engine.open(t, movableClock())
    const { attempts, users } = stores
    await users.create({ userId: 'id-a', username: 'ana', email: null, role: 'user', passwordHash: null })
    const buckets = { bucket: 'a', known: 'home' }
    const ofAna = { ...buckets, device: { userId: 'id-a', bucket: 'her device' } }

    t.match(await attempts.reserveFor('ana', buckets, 1), {
      user: { userId: 'id-a', username: 'ana' },
      reservation: { allowed: true, key: 'a', failures: 1 },
    })
    t.match(await attempts.reserveFor('ana', buckets, 1), {
      user: { userId: 'id-a' },
      reservation: { allowed: false, waitSeconds: 1 },
    })
    t.match(await attempts.reserveFor('ana', ofAna, 1), { reservation: { allowed: true, key: 'her device' } })
    t.match(
      await attempts.reserveFor('ana', { ...ofAna, device: { userId: 'id-b', bucket: 'stolen' } }, 1),
      { reservation: { allowed: false } },
      'the device of somebody else is none',
    )
    await attempts.succeed('a', 'home', 'id-a')
    t.match(await attempts.reserveFor('ana', buckets, 1), { reservation: { allowed: true, key: 'home' } })
    await attempts.lift('id-a')
    t.match(await attempts.reserveFor('ana', ofAna, 1), { reservation: { allowed: true } }, 'all of them are hers')

    const nobody = { bucket: 'n', known: 'of nobody', device: ofAna.device }
    t.strictSame(await attempts.reserveFor('nobody', nobody, 1), {
      user: undefined,
      reservation: { allowed: true, key: 'n', failures: 1 },
    })
  })

  t.test(`${engine.name}: a session begins with the success of its login, or neither does`, async t => {
    const { stores } = await engine.open(t, movableClock())
    const { attempts, users, sessions } = stores
    await users.create({ userId: 'id-a', username: 'ana', email: null, role: 'user', passwordHash: null })
    const lives = { userId: 'id-a', idleSeconds: 100, maxAgeSeconds: 100, ip: null, userAgent: null }
    const success = { key: 'a', known: 'home' }
    await attempts.reserve('a', 'home', 1, 'id-a')

    t.equal(await sessions.create({ ...lives, sid: 'one', success }, 1), undefined, 'the user has changed')
    t.match(await attempts.reserve('a', 'home', 1), { allowed: false })
    t.ok(await sessions.create({ ...lives, sid: 'two', success }, 0))
    t.match(await attempts.reserve('a', 'home', 1), { allowed: true, key: 'home' })
    t.match(await attempts.reserve('a', 'elsewhere', 1), { allowed: true, key: 'a', failures: 1 })
  })

  t.test(`${engine.name}: the waits of a user are lifted in every bucket, and nobody else's`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    const { attempts } = stores
    await attempts.succeed('a', 'home', 'ana')
    const buckets = [
      ['a', 'x'],
      ['a', 'home'],
      ['device', null],
      ['b', 'x'],
    ] as const
    const reserve = ([bucket, known]: (typeof buckets)[number]) =>
      attempts.reserve(bucket, known, 1, bucket === 'b' ? 'ben' : 'ana')
    for (const one of buckets) t.match(await reserve(one), { allowed: true })
    for (const one of buckets) t.match(await reserve(one), { allowed: false })

    await attempts.lift('ana')

    t.match(await reserve(buckets[0]), { allowed: true, key: 'a' })
    t.match(await reserve(buckets[1]), { allowed: true, key: 'home' }, 'a known address stays known')
    t.match(await reserve(buckets[2]), { allowed: true, key: 'device' })
    t.match(await reserve(buckets[3]), { allowed: false })
    t.strictSame(await reserve(buckets[0]), { allowed: false, waitSeconds: 1 }, 'the curve begins again')
    await attempts.lift('ana', 'a')
    t.match(await reserve(buckets[0]), { allowed: false }, 'one may be left out')
    t.match(await reserve(buckets[1]), { allowed: true })
  })

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
