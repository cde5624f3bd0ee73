/** What every engine promises about links in mails, and about addresses that are proven, claimed and kept. */
import type { Test } from 'tap'
import type { NewMail, User } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import { day, mail, user, write } from './some-mails.ts'
import type { Engine } from './stores.contract.ts'

export function testAddresses(t: Test, engine: Engine): void {
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
