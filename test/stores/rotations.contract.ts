/** What every engine promises of rotations and of retries: each happens once, however many ask for it at once. */
import type { Test } from 'tap'
import { create, policy, seeded, withSession } from './sessions-to-try.ts'
import type { Engine } from './stores.contract.ts'

export function testRotations(t: Test, engine: Engine): void {
  t.test(`${engine.name}: a rotation raises the generation once and moves the idle expiry`, async t => {
    const { stores, clock, created } = await withSession(t, engine)
    clock.advance(100)

    const rotated = await stores.sessions.rotate(created.sid, 0, policy)

    t.match(rotated?.session, { generation: 1, rotatedAt: clock(), expiresAt: clock() + policy.idleSeconds })
    t.equal(rotated?.session.maxExpiresAt, created.maxExpiresAt, 'the absolute expiry never moves')
    t.equal(await stores.sessions.rotate(created.sid, 0, policy), undefined, 'not again from the old generation')
    t.equal(await stores.sessions.rotate(created.sid, 1, policy), undefined, 'not again within the race window')
    clock.advance(29)
    t.equal(await stores.sessions.rotate(created.sid, 1, policy), undefined, 'one second before the window ends')
    clock.advance(1)
    t.equal(
      await stores.sessions.rotate(created.sid, 0, policy),
      undefined,
      'nor from the old generation when it is over',
    )
    t.equal((await stores.sessions.rotate(created.sid, 1, policy))?.session.generation, 2)
  })

  t.test(`${engine.name}: a rotation never reaches beyond the absolute expiry`, async t => {
    const { stores, clock } = await seeded(t, engine)
    const created = await create(stores, { maxAgeSeconds: 1500 })
    clock.advance(999)
    t.equal((await stores.sessions.rotate(created.sid, 0, policy))?.session.expiresAt, created.maxExpiresAt)
    clock.advance(501)
    t.equal(await stores.sessions.rotate(created.sid, 1, policy), undefined)
  })

  t.test(`${engine.name}: an ended or expired session is not rotated`, async t => {
    const { stores, clock, created } = await withSession(t, engine)
    const other = await create(stores)
    t.equal(await stores.sessions.revoke(created.sid, 'logout'), true)
    t.equal(await stores.sessions.rotate(created.sid, 0, policy), undefined)
    clock.advance(policy.idleSeconds)
    t.equal(await stores.sessions.rotate(other.sid, 0, policy), undefined)
    t.equal(await stores.sessions.rotate('unknown', 0, policy), undefined)
  })

  t.test(`${engine.name}: of 50 rotations at once exactly one wins`, async t => {
    const { stores, created } = await withSession(t, engine)
    const results = await Promise.all(Array.from({ length: 50 }, () => stores.sessions.rotate(created.sid, 0, policy)))
    t.equal(results.filter(Boolean).length, 1)
    t.equal((await stores.sessions.find(created.sid))?.session.generation, 1)
  })

  t.test(`${engine.name}: of rotations over two handles exactly one wins, round after round`, async t => {
    const { stores, where, clock, created } = await withSession(t, engine)
    const { stores: second } = await engine.open(t, clock, where)
    for (let generation = 0; generation < 10; generation++) {
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          (i % 2 ? stores : second).sessions.rotate(created.sid, generation, policy),
        ),
      )
      t.equal(results.filter(Boolean).length, 1)
      clock.advance(policy.raceWindowSeconds)
    }
  })

  t.test(`${engine.name}: a retry is counted once for one judgement, and a new window starts from one`, async t => {
    const { stores, clock, created } = await withSession(t, engine)
    const rotated = await stores.sessions.rotate(created.sid, 0, policy)
    const judged = rotated!.session
    clock.advance(60)

    const results = await Promise.all(Array.from({ length: 20 }, () => stores.sessions.countRetry(judged, true)))

    t.equal(results.filter(Boolean).length, 1)
    const counted = results.find(Boolean)!.session
    t.match(counted, { retries: 1, retriesSince: clock(), retriedAt: clock(), generation: 1 })
    clock.advance(60)
    const second = await stores.sessions.countRetry(counted, false)
    t.match(second?.session, { retries: 2, retriesSince: counted.retriesSince, retriedAt: clock() })
    const third = await stores.sessions.countRetry(second!.session, true)
    t.match(third?.session, { retries: 1, retriesSince: clock() })
    t.match((await stores.sessions.countRetry(third!.session, false))?.session, { retries: 2, retriedAt: clock() })
    t.equal(await stores.sessions.countRetry(third!.session, false), undefined, 'nor twice within one second')
  })

  t.test(`${engine.name}: catching up after a lost write happens once`, async t => {
    const { stores, clock, created } = await withSession(t, engine)
    clock.advance(5)
    const results = await Promise.all([1, 1, 1].map(gen => stores.sessions.recover(created, gen, policy)))
    t.equal(results.filter(Boolean).length, 1)
    t.match((await stores.sessions.find(created.sid))?.session, { generation: 2, rotatedAt: clock() })
  })

  t.test(`${engine.name}: a session that was to stay is good for nothing while its user is disabled`, async t => {
    const { stores, clock, created } = await withSession(t, engine)
    const { session } = (await stores.sessions.rotate(created.sid, 0, policy))!
    await stores.users.update('id-a', { disabled: true }, { keep: created.sid })
    clock.advance(policy.raceWindowSeconds)
    t.equal(await stores.sessions.rotate(created.sid, 1, policy), undefined)
    t.equal(await stores.sessions.recover(session, 2, policy), undefined)
    t.equal(await stores.sessions.countRetry(session, true), undefined)
    t.match(await stores.sessions.find(created.sid), { session: { generation: 1, retries: 0, revokedAt: null } })
  })
}
