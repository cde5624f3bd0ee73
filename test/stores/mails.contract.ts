/** What every engine promises about mails, and about addresses that are proven, claimed and kept. */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { MailPurpose, NewMail, NewUser, Stores, User } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

const day = 86_400
const newId = () => randomBytes(16).toString('base64url')

function mail(purpose: MailPurpose, userId: string | null, address: string | null, lastsSeconds = 1800): NewMail {
  return { id: newId(), purpose, userId, address, language: 'en', lastsSeconds }
}

function user(name: string, others: Partial<NewUser> = {}): NewUser {
  return { userId: `id-${name}`, username: name, email: null, role: 'user', passwordHash: `hash of ${name}`, ...others }
}

const forgotten = (nameKey: string) => ({
  id: newId(),
  nameKey,
  typed: `sealed ${nameKey}`,
  language: 'de',
  lastsSeconds: 1800,
})
const idsOf = (mails: readonly { id: string }[]) => mails.map(({ id }) => id).toSorted()

/** Writes mails as a change of a user does. */
async function write(stores: Stores, ...mails: NewMail[]): Promise<void> {
  await stores.users.create(user(`writer-${newId().slice(0, 8).toLowerCase()}`), { mails })
}

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

  t.test(
    `${engine.name}: a mail is neither sent nor found when it is too old, and goes an hour after it came`,
    async t => {
      const clock = movableClock()
      const { stores } = await engine.open(t, clock)
      const one = mail('reset', 'u', 'a@example.com', 1800)
      await write(stores, one)
      clock.advance(1799)
      t.ok(await stores.mails.find(one.id))
      t.equal(await stores.mails.deleteEnded(10), 0)
      clock.advance(1)
      t.equal(await stores.mails.find(one.id), undefined)
      t.strictSame(await stores.mails.claim(10, 60), [])
      t.equal(await stores.mails.retry(one.id), 0)
      t.equal(await stores.mails.deleteEnded(10), 0, 'three an hour are counted by it')
      clock.advance(1800)
      t.equal(await stores.mails.deleteEnded(10), 1)
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

  t.test(`${engine.name}: a change and its mails are one: with a spent link, neither happens`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    await stores.users.create(user('a', { email: 'a@example.com' }))
    const link = mail('reset', 'id-a', 'a@example.com')
    await write(stores, link)
    const { stores: second } = await engine.open(t, clock, where)

    const uses = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (i % 2 ? stores : second).users.update(
          'id-a',
          { passwordHash: `new ${i}` },
          { spend: link.id, mails: [mail('password_changed', 'id-a', 'a@example.com')] },
        ),
      ),
    )
    t.equal(uses.filter(Boolean).length, 1)
    t.equal((await stores.users.findById('id-a'))?.credentialsVersion, 1)
    const told = (await stores.mails.claim(10, 60)).filter(({ purpose }) => purpose === 'password_changed')
    t.equal(told.length, 1)

    const [proof, late] = [mail('verify', 'id-a', 'a@example.com'), mail('verify', 'id-a', 'a@example.com')]
    await write(stores, proof, late)
    const follow = ({ id }: NewMail) => stores.users.update('id-a', { disabled: false }, { spend: id })
    t.ok(await follow(proof))
    t.equal(await follow(proof), undefined, 'also one that no other change takes along')
    clock.advance(1800)
    t.equal(await follow(late), undefined, 'nor one that is over')

    const unproven = user('x', { email: 'x@example.com', emailVerified: false })
    const ofX = mail('verify', 'id-x', 'x@example.com')
    await stores.users.create(unproven, { mails: [ofX] })
    await stores.users.update('id-x', { passwordHash: 'another' })
    t.ok(await stores.mails.find(ofX.id), 'a new password leaves the link that proves the address')
    await stores.users.update('id-x', { email: 'y@example.com' })
    const proving = { spend: ofX.id, proves: 'x@example.com', end: 'email_changed' } as const
    t.equal(
      await stores.users.update('id-x', { email: 'x@example.com' }, proving),
      undefined,
      'another address does not',
    )

    await stores.users.create(user('boss', { role: 'admin' }))
    const kept = mail('verify', 'id-boss', 'boss@example.com')
    await write(stores, kept)
    const demoted = stores.users.update('id-boss', { role: 'user' }, { spend: kept.id, keepAdmin: true })
    await t.rejects(demoted, { code: 'last_admin' })
    t.ok(await stores.users.update('id-boss', {}, { spend: kept.id }), 'what failed has spent nothing')
  })

  t.test(
    `${engine.name}: an address that is not proven is no name, nobody's alone, and goes to who proves it`,
    async t => {
      const { stores } = await engine.open(t, movableClock())
      const unproven = { email: 'x@example.com', emailVerified: false }
      for (const name of ['a', 'b', 'c']) await stores.users.create(user(name, unproven))
      t.match(await stores.users.findById('id-a'), unproven)
      t.equal(await stores.users.findByEmail('x@example.com'), undefined)
      await write(
        stores,
        mail('verify', 'id-a', 'x@example.com'),
        mail('change', 'id-c', 'x@example.com'),
        mail('change', 'id-c', 'y@example.com'),
      )
      t.equal(await stores.users.importMissing([user('d', { email: 'x@example.com' })]).then(one => one[0]), 'inserted')
      await t.rejects(stores.users.update('id-b', { email: 'x@example.com' }), { code: 'taken' })
      await stores.users.delete('id-d')

      const proven = await stores.users.update(
        'id-b',
        { email: 'x@example.com' },
        { proves: 'x@example.com', end: 'email_changed' },
      )
      t.match(proven?.user, { email: 'x@example.com', emailVerified: true, credentialsVersion: 1 })
      t.match(await stores.users.findByEmail('x@example.com'), { userId: 'id-b' })
      t.match(await stores.users.findById('id-a'), { email: null, emailVerified: false })
      t.strictSame(
        (await stores.mails.claim(10, 60)).map(({ address }) => address),
        ['y@example.com'],
        'other changes of others stay',
      )
      await stores.users.update('id-b', { role: 'admin' })
      t.match(await stores.users.findById('id-b'), { emailVerified: true }, 'and stays so whatever else changes')
      await stores.users.update('id-c', { role: 'admin' })
      t.match(await stores.users.findById('id-c'), { email: null, emailVerified: false })
    },
  )

  t.test(`${engine.name}: an address given up is kept for its former owner`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    await stores.users.create(user('a', { email: 'old@example.com' }))
    await stores.users.create(user('b'))
    await stores.users.update(
      'id-a',
      { email: 'new@example.com' },
      { mails: [mail('undo', 'id-a', 'old@example.com', 7 * day)] },
    )

    await t.rejects(stores.users.update('id-b', { email: 'old@example.com' }), { code: 'taken' })
    await t.rejects(stores.users.create(user('c', { email: 'old@example.com' })), { code: 'taken' })
    t.strictSame(await stores.users.importMissing([user('c', { email: 'old@example.com' })]), ['taken'])
    await stores.users.create(user('d', { email: 'old@example.com', emailVerified: false }))
    await t.rejects(stores.users.update('id-d', { email: 'old@example.com' }), { code: 'taken' }, 'nor by a proof')
    t.ok(await stores.users.update('id-a', { email: 'old@example.com' }), 'but not from themselves')
    await stores.users.update('id-a', { email: 'new@example.com' })
    clock.advance(7 * day)
    t.ok(await stores.users.update('id-b', { email: 'old@example.com' }))
  })

  t.test(`${engine.name}: undoing a change drops what came after it, also within its second`, async t => {
    const { stores } = await engine.open(t, movableClock())
    await stores.users.create(user('a', { email: '1@example.com' }))
    const backs: NewMail[] = []
    for (const [from, to] of [
      ['1', '2'],
      ['2', '3'],
      ['3', '4'],
    ]) {
      const back = mail('undo', 'id-a', `${from}@example.com`, 7 * day)
      backs.push(back)
      await stores.users.update('id-a', { email: `${to}@example.com` }, { mails: [back] })
    }
    const pending = mail('change', 'id-a', '5@example.com')
    await write(stores, pending)
    const [first, middle, last] = await Promise.all(backs.map(({ id }) => stores.mails.find(id)))
    t.ok((first?.mail.createdAt ?? 0) < (middle?.mail.createdAt ?? 0))
    const reset = mail('reset', 'id-a', '2@example.com')
    const undone = await stores.users.update(
      'id-a',
      { email: '2@example.com', passwordHash: null },
      { spend: middle?.mail.id ?? '', undoes: middle?.mail.createdAt ?? 0, mails: [reset] },
    )
    t.match(undone?.user, { email: '2@example.com', passwordHash: null })
    t.ok(await stores.mails.find(first?.mail.id ?? ''), 'the way back before it is still one')
    for (const gone of [middle, last]) t.equal(await stores.mails.find(gone?.mail.id ?? ''), undefined)
    t.equal(await stores.mails.find(pending.id), undefined)
    t.ok(await stores.mails.find(reset.id))
  })

  t.test(`${engine.name}: a pending change ends with the password, and three an hour are asked for`, async t => {
    const clock = movableClock()
    const { stores } = await engine.open(t, clock)
    await stores.users.create(user('a', { email: 'a@example.com' }))
    const to = (address: string) => ({ ...mail('change', 'id-a', address, day), userId: 'id-a' })
    const [first, second, third, fourth] = ['1@x.y', '2@x.y', '3@x.y', '4@x.y'].map(to)
    if (!first || !second || !third || !fourth) throw new Error('four')
    t.equal(await stores.mails.replace(first, 3), true)
    t.equal(await stores.mails.pendingAddress('id-a'), '1@x.y')
    t.equal(await stores.mails.replace(second, 3), true)
    t.equal(await stores.mails.find(first.id), undefined, 'one at a time')
    t.equal(await stores.mails.pendingAddress('id-a'), '2@x.y')
    t.equal(await stores.mails.replace(third, 3), true)
    t.equal(await stores.mails.replace(fourth, 3), false)
    t.equal(await stores.mails.pendingAddress('id-a'), '3@x.y')
    await stores.users.update('id-a', { passwordHash: 'new' })
    t.equal(await stores.mails.pendingAddress('id-a'), null)
    clock.advance(3601)
    t.equal(await stores.mails.replace(fourth, 3), true)
    await stores.users.delete('id-a')
    t.equal(await stores.mails.find(fourth.id), undefined, 'nothing of a deleted user is left')
  })

  t.test(`${engine.name}: a registration holds its name for its time, and is made once`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    const { stores: second } = await engine.open(t, clock, where)
    await stores.users.create(user('taken'))
    const waiting = (username: string | null) => ({
      ...mail('register', null, 'a@example.com', day),
      username,
      passwordHash: 'hash',
    })
    t.equal(await stores.mails.register(waiting('taken')), false)
    const both = [waiting('ana'), waiting('ana')]
    const held = await Promise.all(both.map((one, i) => (i ? stores : second).mails.register(one).catch(() => false)))
    t.equal(held.filter(Boolean).length, 1)
    for (let i = 0; i < 2; i++)
      t.equal(await stores.mails.register(waiting(null)), true, 'an address alone holds nothing')

    await t.rejects(stores.users.create(user('ana')), { code: 'taken' })
    await t.rejects(stores.users.update('id-taken', { username: 'ana' }), { code: 'taken' })
    t.match(await stores.users.importMissing([user('ana'), user('other')]), ['taken', 'inserted'])
    t.equal(await stores.users.findByUsername('ana'), undefined)

    const id = both[held.indexOf(true)]?.id ?? ''
    t.match(await stores.mails.find(id), { mail: { username: 'ana', passwordHash: 'hash' }, user: undefined })
    const ana = user('ana', { email: 'a@example.com' })
    const made = await Promise.all(
      [stores, second].map(one =>
        one.users.create(ana, { spend: id, proves: 'a@example.com' }).catch((error): User => error),
      ),
    )
    t.equal(made.filter(one => one !== undefined && 'userId' in one).length, 1)
    t.strictSame(await stores.mails.claim(10, 60), [], 'and the others have nothing left to prove')

    t.equal(await stores.mails.register(waiting('eva')), true)
    clock.advance(day)
    t.equal(await stores.mails.register(waiting('eva')), true, 'held no longer than its time')
    clock.advance(day)
    t.ok(await stores.users.create(user('eva')))
  })

  t.test(`${engine.name}: what a session asks for ends with it, however the two meet`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    const { stores: second } = await engine.open(t, clock, where)
    const change = () => ({ ...mail('change', 'id-a', 'thief@example.com', day), userId: 'id-a' })
    const { userId, credentialsVersion } = await stores.users.create(user('a', { email: 'a@example.com' }))
    const begin = (sid: string, version: number) =>
      stores.sessions.create({ sid, userId, idleSeconds: day, maxAgeSeconds: day, ip: null, userAgent: null }, version)
    await begin('s0', credentialsVersion)
    await t.rejects(stores.mails.replace(change(), 100, 'nobody'), { code: 'token_revoked' })
    for (let round = 0; round < 10; round++) {
      const [asked] = await Promise.all([
        stores.mails.replace(change(), 100, `s${round}`).catch(error => error.code),
        second.users.update('id-a', { passwordHash: `hash ${round}` }),
      ])
      t.ok(asked === true || asked === 'token_revoked')
      t.equal(await stores.mails.pendingAddress('id-a'), null)
      await t.rejects(stores.mails.replace(change(), 100, `s${round}`), { code: 'token_revoked' })
      await begin(`s${round + 1}`, round + 1)
    }
    t.equal(await stores.mails.replace(change(), 100, 's10'), true)
  })
}
