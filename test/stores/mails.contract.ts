/** What every engine promises about mails that wait: each is looked up, claimed and sent once, and none is lost. */
import type { Test } from 'tap'
import { movableClock } from '../helpers/clock.ts'
import { day, forgotten, idsOf, mail, user, write } from './some-mails.ts'
import type { Engine } from './stores.contract.ts'

export function testMails(t: Test, engine: Engine): void {
  t.test(`${engine.name}: a forgotten name is one row while it waits, and three an hour`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    const { stores: second } = await engine.open(t, clock, where)

    const asked = Array.from({ length: 20 }, (_, i) => (i % 2 ? stores : second).mails.forget(forgotten('a'), 3))
    await Promise.all([...asked, stores.mails.forget(forgotten('b'), 3)])
    t.equal((await stores.mails.waiting()).count, 2)

    const rounds = []
    for (let round = 0; round < 4; round++) {
      const claimed = await stores.mails.claim(10, 60)
      rounds.push(claimed.filter(({ typed }) => typed === 'sealed a').length)
      for (const { id } of claimed) await stores.mails.lookedUp(id, undefined, 3)
      t.equal((await stores.mails.waiting()).count, 0)
      await stores.mails.forget(forgotten('a'), 3)
    }
    t.strictSame(rounds, [1, 1, 1, 0], 'the fourth within the hour is none')
    clock.advance(3601)
    await stores.mails.forget(forgotten('a'), 3)
    t.equal((await stores.mails.claim(10, 60)).length, 1)
  })

  t.test(`${engine.name}: whoever is looked up gets the mail, and what was typed is erased`, async t => {
    const { stores } = await engine.open(t, movableClock())
    await stores.users.create(user('a', { email: 'a@example.com' }))
    await stores.mails.forget(forgotten('a'), 3)
    const [row] = await stores.mails.claim(10, 60)
    t.match(row, { purpose: 'forgot', typed: 'sealed a', userId: null, address: null, language: 'de', tries: 1 })

    t.equal(await stores.mails.lookedUp(row?.id ?? '', { userId: 'id-a', address: 'a@example.com' }, 3), true)
    t.match(await stores.mails.find(row?.id ?? ''), {
      mail: { purpose: 'reset', typed: null, userId: 'id-a', address: 'a@example.com' },
      user: { userId: 'id-a', emailVerified: true },
    })

    await stores.mails.forget(forgotten('nobody'), 3)
    const [nobodys] = await stores.mails.claim(10, 60)
    t.match(nobodys, { typed: 'sealed nobody' })
    t.equal(await stores.mails.lookedUp(nobodys?.id ?? '', undefined, 3), false)
    t.match(await stores.mails.find(nobodys?.id ?? ''), { mail: { purpose: 'forgot', typed: null, userId: null } })

    for (const name of ['b', 'c', 'd']) await stores.mails.forget(forgotten(name), 3)
    const told = []
    for (const { id } of await stores.mails.claim(10, 60)) {
      told.push(await stores.mails.lookedUp(id, { userId: 'id-a', address: 'a@example.com' }, 3))
    }
    t.strictSame(told, [true, true, false], 'under whatever names, three an hour for one user')
  })

  t.test(`${engine.name}: a request is not lost with a mail that cannot be sent`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    await stores.users.create(user('a', { email: 'a@example.com' }))
    const found = { userId: 'id-a', address: 'a@example.com' }
    const ask = (name = 'a') => stores.mails.forget(forgotten(name), 3)
    /** Looks up what is due and fails to send the rest. @returns which mails were tried */
    async function attempt(): Promise<string[]> {
      const tried: string[] = []
      for (
        let claimed = await stores.mails.claim(10, 60);
        claimed.length > 0;
        claimed = await stores.mails.claim(10, 60)
      ) {
        for (const { id, purpose, tries } of claimed) {
          if (purpose === 'forgot' && !(await stores.mails.lookedUp(id, found, 3))) continue
          tried.push(id)
          await stores.mails.failed(id, '451 later', Math.min(30 * 2 ** (tries - 1), 3600))
        }
      }
      return tried
    }

    await ask()
    clock.advance(2000) // nobody has looked it up, and it is too old by now
    await ask()
    t.equal((await attempt()).length, 1, 'what nobody looked up in time is looked up for the next request')

    clock.advance(7200)
    for (let i = 0; i < 2; i++) {
      await ask()
      t.equal((await attempt()).length, 1, 'a new one is tried at once')
      t.equal((await stores.mails.waiting()).count, 1, 'and takes the place of the one before')
      clock.advance(10)
    }
    await ask()
    const [last] = await attempt()

    clock.advance(1810) // three were asked for, and none is good any more
    t.notOk(await stores.mails.find(last ?? ''))
    for (const name of ['a', 'another name of the same user']) {
      await ask(name)
      t.strictSame(await attempt(), [last], 'no fourth one, but the third is good again and tried')
      t.equal((await stores.mails.find(last ?? ''))?.mail.expiresAt, clock() + 1800)
      await stores.mails.failed(last ?? '', '451 later', 3600)
      await ask(name)
      t.strictSame(await attempt(), [])
      clock.advance(300)
    }
    t.strictSame(await attempt(), [last], 'it is not put off for longer than five minutes')
    await stores.mails.sent(last ?? '')
    t.equal((await stores.mails.waiting()).count, 0)
    const before = await stores.mails.find(last ?? '')
    clock.advance(10)
    for (let i = 0; i < 20; i++) await ask()
    t.strictSame(await attempt(), [], 'a flood sends nothing')
    t.strictSame(await stores.mails.find(last ?? ''), before, 'what was sent stays as it was')
  })

  t.test(`${engine.name}: of two instances each mail is claimed by one, and again when its lease is over`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    const { stores: second } = await engine.open(t, clock, where)
    const all = Array.from({ length: 40 }, (_, i) => mail('password_changed', null, `m${i}@example.com`))
    await write(stores, ...all)

    const claims = await Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 ? stores : second).mails.claim(6, 60)))
    t.ok(claims.every(one => one.length <= 6))
    const claimed = claims.flat()
    t.equal(new Set(idsOf(claimed)).size, claimed.length, 'none twice')
    const rest = await stores.mails.claim(100, 60)
    t.strictSame(idsOf([...claimed, ...rest]), idsOf(all), 'and none is left')

    for (const { id } of claimed) await stores.mails.sent(id)
    clock.advance(59)
    t.equal((await stores.mails.claim(100, 60)).length, 0)
    clock.advance(1)
    const again = await second.mails.claim(100, 60)
    t.strictSame(idsOf(again), idsOf(rest), 'what was not sent when the lease ended')
    t.ok(again.every(({ tries }) => tries === 2))
  })

  t.test(`${engine.name}: an address that fails holds up its own mails and nobody else's`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    const [first, later, other] = [
      mail('reset', 'u', 'bad@example.com', day),
      mail('reset', 'u', 'bad@example.com', day),
      mail('reset', 'v', 'good@example.com', day),
    ]
    await write(stores, first)
    t.strictSame(idsOf(await stores.mails.claim(10, 60)), [first.id])
    await write(stores, later, other)
    t.strictSame(idsOf(await stores.mails.claim(10, 60)), [other.id], 'one at a time for an address')

    await stores.mails.sent(other.id)
    await stores.mails.failed(first.id, '451 later', 300)
    clock.advance(299)
    t.strictSame(await stores.mails.claim(10, 60), [], 'its other mails wait as well')
    t.match(await stores.mails.waiting(), { count: 2, oldestSeconds: 299 })
    clock.advance(1)
    t.strictSame(idsOf(await stores.mails.claim(10, 60)), [later.id], 'the one that waits longest first')
    t.equal(await stores.mails.retry(later.id), 0, 'what is being sent is left alone')
    await stores.mails.sent(later.id)
    t.strictSame(idsOf(await stores.mails.claim(10, 60)), [first.id])

    await stores.mails.failed(first.id, '550 nobody', null)
    t.match(await stores.mails.listUnsent({ limit: 10 }), [{ id: first.id, dueAt: null, failure: '550 nobody' }])
    t.equal(await stores.mails.retry(first.id), 1)
    t.strictSame(idsOf(await stores.mails.claim(10, 60)), [first.id])
    await stores.mails.failed(first.id, '550 nobody', null)
    t.equal(await stores.mails.retry(), 1)
  })

  t.test(`${engine.name}: of mails that are due at once to one address one goes out, and then the next`, async t => {
    const { stores } = await engine.open(t, movableClock())
    const both = [mail('reset', 'u', 'a@example.com'), mail('reset', 'u', 'a@example.com')]
    await write(stores, ...both)
    const [first, ...others] = await stores.mails.claim(10, 60)
    t.strictSame(others, [])
    await stores.mails.sent(first?.id ?? '')
    t.strictSame(idsOf([...(first ? [first] : []), ...(await stores.mails.claim(10, 60))]), idsOf(both))
  })

  t.test(`${engine.name}: what has waited longest goes first, and what is too old keeps nobody back`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    const [failing, other, late] = [
      mail('reset', 'u', 'a@example.com', 600),
      mail('reset', 'v', 'b@example.com'),
      mail('reset', 'u', 'a@example.com'),
    ]
    await write(stores, failing)
    await stores.mails.claim(10, 60)
    await stores.mails.failed(failing.id, '451 later', 300)
    clock.advance(100)
    await write(stores, other)
    clock.advance(200)
    t.strictSame(idsOf(await stores.mails.claim(1, 60)), [other.id])
    t.strictSame(idsOf(await stores.mails.claim(1, 60)), [failing.id])

    await stores.mails.failed(failing.id, '451 later', 3600)
    await write(stores, late)
    clock.advance(299)
    t.strictSame(idsOf(await stores.mails.claim(10, 60)), [other.id])
    clock.advance(1)
    t.strictSame(idsOf(await stores.mails.claim(10, 60)), [late.id])
  })

  t.test(
    `${engine.name}: a mail is neither sent nor found when it is too old, and goes an hour after it came`,
    async t => {
      const clock = movableClock()
      const { stores } = await engine.open(t, clock)
      const one = mail('reset', 'u', 'a@example.com', 1800)
      const others = [mail('reset', 'v', 'b@example.com', 1800), mail('reset', 'w', 'c@example.com', 1800)]
      await write(stores, one, ...others)
      const page = await stores.mails.listUnsent({ limit: 2 })
      t.equal(page.length, 2)
      t.equal((await stores.mails.listUnsent({ limit: 2, after: page[1]?.id })).length, 1)
      clock.advance(1799)
      t.ok(await stores.mails.find(one.id))
      t.match(await stores.mails.waiting(), { count: 3, oldestSeconds: 1799 })
      t.equal(await stores.mails.deleteEnded(10), 0)
      clock.advance(1)
      t.equal(await stores.mails.find(one.id), undefined)
      t.strictSame(await stores.mails.waiting(), { count: 0, oldestSeconds: 0 }, 'nor does it count as waiting')
      t.strictSame(await stores.mails.claim(10, 60), [])
      t.equal(await stores.mails.retry(one.id), 0)
      t.equal(await stores.mails.deleteEnded(10), 0, 'three an hour are counted by it')
      clock.advance(1800)
      t.equal(await stores.mails.deleteEnded(2), 2, 'a few at a time')
      t.equal(await stores.mails.deleteEnded(2), 1)
    },
  )

  t.test(`${engine.name}: a moment that a wrong clock wrote keeps no mail back`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    const one = mail('reset', 'u', 'a@example.com', 90 * day)
    clock.advance(30 * day)
    await write(stores, one)
    clock.advance(-30 * day)
    t.strictSame(idsOf(await stores.mails.claim(10, 60)), [one.id])
  })
}
