/**
 * What every engine promises (src/stores/stores.ts). An engine's own test file opens it and calls this.
 */
import type { Test } from 'tap'
import type { Session, Stores } from '../../src/stores/stores.ts'
import { type MovableClock, movableClock } from '../helpers/clock.ts'
import { create, policy, seeded, session, user, withSession } from './sessions-to-try.ts'

export interface Engine {
  readonly name: string
  /** Opens an empty database; called again with the same `where`, a second handle on it. */
  open(t: Test, clock: MovableClock, where?: string): Promise<{ stores: Stores; where: string }>
}

export function testStores(t: Test, engine: Engine): void {
  t.test(`${engine.name}: a database keeps its salt, whoever opens it first`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    const second = await engine.open(t, clock, where)
    t.equal(stores.salt.length, 32)
    t.strictSame(second.stores.salt, stores.salt)
    await t.resolves(stores.ping())
  })

  t.test(`${engine.name}: users are seeded once, all or none, and found by their canonical names`, async t => {
    const { stores } = await engine.open(t, movableClock())
    t.equal(await stores.users.isEmpty(), true)

    await t.rejects(stores.users.seed([user('a'), user('b'), user('a')]), 'a name twice')
    t.equal(await stores.users.isEmpty(), true, 'nothing of a refused batch stays')
    t.equal(await stores.users.isSeeded(), false, 'and it can be tried again')

    t.equal(await stores.users.seed([{ ...user('a'), email: 'a@example.com' }, user('b')]), true)
    t.equal(await stores.users.isSeeded(), true)
    t.equal(await stores.users.seed([user('c')]), false)
    t.match(await stores.users.findByUsername('a'), { userId: 'id-a', disabled: false, credentialsVersion: 0 })
    t.match(await stores.users.findByEmail('a@example.com'), { userId: 'id-a' })
    t.equal(await stores.users.findByUsername('c'), undefined)
    for (const name of ['a', 'b']) await stores.users.delete(`id-${name}`)
    t.equal(await stores.users.seed([user('c')]), false, 'not even when they are all gone')
    t.equal(await stores.users.findByEmail('b@example.com'), undefined)
  })

  t.test(`${engine.name}: a session begins at generation 0 and ends no later than its absolute age`, async t => {
    const { stores, clock } = await seeded(t, engine)

    const view = await stores.sessions.create({ ...session(), idleSeconds: 500, maxAgeSeconds: 300 }, 0)

    t.match(view?.session, {
      generation: 0,
      rotatedAt: null,
      retries: 0,
      createdAt: clock(),
      expiresAt: clock() + 300,
      maxExpiresAt: clock() + 300,
      revokedAt: null,
      ip: '192.0.2.1',
      userAgent: 'a browser',
    })
    t.match(view, { now: clock(), user: { userId: 'id-a', username: 'a' } })
  })

  t.test(`${engine.name}: no session begins for a user who changed meanwhile`, async t => {
    const { stores } = await seeded(t, engine)
    t.equal(await stores.sessions.create(session(), 1), undefined)
    t.equal(await stores.sessions.create({ ...session(), userId: 'nobody' }, 0), undefined)
    const disabled = await stores.users.update(session().userId, { disabled: true })
    t.equal(await stores.sessions.create(session(), disabled?.user.credentialsVersion ?? 0), undefined, 'disabled')
  })

  t.test(`${engine.name}: a session is ended once, with the first reason, and only as judged`, async t => {
    const { stores, clock, created } = await withSession(t, engine)
    const rotated = await stores.sessions.rotate(created.sid, 0, policy)

    t.equal(await stores.sessions.revoke(created.sid, 'reuse', created), false, 'judged by an older generation')
    t.equal(await stores.sessions.revoke(created.sid, 'reuse', rotated!.session), true)
    clock.advance(5)
    t.equal(await stores.sessions.revoke(created.sid, 'logout'), false)
    t.match((await stores.sessions.find(created.sid))?.session, { revokeReason: 'reuse', revokedAt: clock() - 5 })
    t.equal(await stores.sessions.revoke('unknown', 'logout'), false)
  })

  t.test(`${engine.name}: a user ends own sessions only, and all of them at once`, async t => {
    const { stores, created } = await withSession(t, engine)
    const second = await create(stores)
    const foreign = await create(stores, { userId: 'id-b' })

    t.equal(await stores.sessions.revokeOwn('id-b', created.sid), false)
    t.strictSame(ids(await stores.sessions.list('id-a')), [created.sid, second.sid].sort())
    t.equal(await stores.sessions.revokeOwn('id-a', created.sid), true)
    t.equal(await stores.sessions.revokeOwn('id-a', created.sid), false)

    t.strictSame(await stores.sessions.revokeAll('id-a', 'logout_all'), [{ sid: second.sid, wasLive: true }])
    t.strictSame(await stores.sessions.revokeAll('id-a', 'logout_all'), [])
    t.strictSame(await stores.sessions.list('id-a'), [])
    t.strictSame(ids(await stores.sessions.list('id-b')), [foreign.sid])
  })

  t.test(`${engine.name}: what was revoked since a moment is told, at the store's time`, async t => {
    const { stores, clock, created } = await withSession(t, engine)
    const second = await create(stores)
    await stores.sessions.revoke(created.sid, 'logout')
    const first = clock()
    clock.advance(10)
    await stores.sessions.revoke(second.sid, 'logout')

    t.strictSame(await stores.sessions.revokedSince(first + 1, '', 10), {
      now: clock(),
      revoked: [{ sid: second.sid, revokedAt: clock() }],
    })
    t.equal((await stores.sessions.revokedSince(first, '', 10)).revoked.length, 2, 'the moment itself belongs to it')
  })

  t.test(`${engine.name}: what has ended is deleted in batches, and only when nobody needs it`, async t => {
    const { stores, clock, created } = await withSession(t, engine)
    const more = [await create(stores), await create(stores), await create(stores)]
    for (const one of more) await stores.sessions.revoke(one.sid, 'logout')

    clock.advance(100)
    t.equal(await stores.sessions.deleteEnded(100, 10), 0, 'as long as an access token may live')
    clock.advance(1)
    t.equal(await stores.sessions.deleteEnded(100, 2), 2)
    t.equal(await stores.sessions.deleteEnded(100, 2), 1)
    t.ok(await stores.sessions.find(created.sid), 'a live session stays')
    clock.advance(policy.idleSeconds)
    t.equal(await stores.sessions.deleteEnded(100, 10), 1, 'an expired one goes')
  })

  t.test(`${engine.name}: a session that was used is looked at again when it expires, and goes only then`, async t => {
    const { stores, clock } = await seeded(t, engine)
    const used: Session[] = []
    for (let i = 0; i < 6; i++) used.push(await create(stores))
    const unused = await create(stores)
    clock.advance(policy.idleSeconds - 1)
    for (const { sid } of used) t.ok(await stores.sessions.rotate(sid, 0, policy))
    clock.advance(102)
    const first = await stores.sessions.deleteEnded(100, 2)
    t.ok(first >= 2 && first <= 4, 'a few at a time, and there may be more')
    while ((await stores.sessions.deleteEnded(100, 2)) >= 2);
    t.equal(await stores.sessions.find(unused.sid), undefined, 'never used: gone')
    for (const { sid } of used) t.ok(await stores.sessions.find(sid), 'used: still there')
    t.equal(await stores.sessions.deleteEnded(100, 10), 0, 'and not looked at all the time')
    clock.advance(policy.idleSeconds)
    t.equal(await stores.sessions.deleteEnded(100, 10), 6)
  })
}

function ids(sessions: Session[]): string[] {
  return sessions.map(one => one.sid).sort()
}
