/** What every engine promises about attempts from where a user is known: an address or a device has a bucket of its own. */
import type { Test } from 'tap'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

export function testKnownAttempts(t: Test, engine: Engine): void {
  t.test(`${engine.name}: a success forgets the failures, and its address keeps a bucket of its own`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    await stores.attempts.reserve('a', 'home', 2)
    await stores.attempts.succeed('a', 'home')

    for (const failures of [1, 2])
      t.match(await stores.attempts.reserve('a', 'elsewhere', 2), { allowed: true, key: 'a', failures })
    t.match(await stores.attempts.reserve('a', 'elsewhere', 2), { allowed: false })
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: true, key: 'home' })
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: true, key: 'home' })
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: false }, 'and is limited as well')
    clock.advance(1)
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: true })
    await stores.attempts.succeed('home', 'home')
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: true, key: 'home' })
    t.match(await stores.attempts.reserve('a', 'elsewhere', 2), { allowed: true }, 'its own wait is over by now')

    clock.advance(30 * 86_400 - 1)
    t.match(await stores.attempts.reserve('a', 'home', 2), { allowed: true, key: 'home' })
    clock.advance(1)
    t.match(
      await stores.attempts.reserve('a', 'home', 2),
      { allowed: true, key: 'a' },
      'after 30 days it is a stranger',
    )
  })

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
}
