/** What every engine promises about which sessions are live, and which an act of ending ends (src/sessions/live.ts). */
import type { Test } from 'tap'
import { isLive } from '../../src/sessions/live.ts'
import type { EndedSession, Stores } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

const about = { userId: 'id-a', ip: null, userAgent: null }

async function withUsers(t: Test, engine: Engine) {
  const clock = movableClock()
  const { stores } = await engine.open(t, clock)
  for (const name of ['a', 'b']) {
    await stores.users.create({ userId: `id-${name}`, username: name, email: null, role: 'user', passwordHash: null })
  }
  return { stores, clock }
}

type Ending = (stores: Stores) => Promise<readonly EndedSession[] | undefined>

const endings: [string, Ending][] = [
  ['all', ({ sessions }) => sessions.revokeAll('id-a', 'logout_all')],
  ['a new password', async ({ users }) => (await users.update('id-a', { passwordHash: 'x' }))?.ended],
  ['a new role', async ({ users }) => (await users.update('id-a', { role: 'editor' }))?.ended],
  ['disabling', async ({ users }) => (await users.update('id-a', { disabled: true }))?.ended],
  ['deleting', ({ users }) => users.delete('id-a')],
]

export function testEnding(t: Test, engine: Engine): void {
  t.test(`${engine.name}: what is live is what the domain calls live, at every second`, async t => {
    const { stores, clock } = await withUsers(t, engine)
    const { sessions } = stores
    const lives = { idle: [3, 9], old: [9, 3], both: [3, 3], ended: [9, 9], used: [3, 7] }
    const sids = Object.keys(lives)
    for (const [sid, [idleSeconds = 0, maxAgeSeconds = 0]] of Object.entries(lives)) {
      await sessions.create({ ...about, sid, idleSeconds, maxAgeSeconds }, 0)
    }
    await sessions.revoke('ended', 'logout')
    for (let second = 0; second < 10; second++) {
      if (second === 2) await sessions.rotate('used', 0, { idleSeconds: 3, raceWindowSeconds: 0 })
      const found = await Promise.all(sids.map(sid => sessions.find(sid)))
      const live = found.filter(view => view && isLive(view.session, view.now)).map(view => view?.session.sid)
      const listed = (await sessions.list('id-a')).map(({ sid }) => sid)
      t.strictSame(listed.toSorted(), live.toSorted(), `after ${second} s`)
      t.strictSame((await sessions.listAll({ limit: 9 })).map(one => one.session.sid).toSorted(), live.toSorted())
      clock.advance(1)
    }
  })

  for (const [what, end] of endings) {
    t.test(`${engine.name}: ${what} ends expired sessions too, and tells which were live`, async t => {
      const { stores, clock } = await withUsers(t, engine)
      const { sessions } = stores
      await sessions.create({ ...about, sid: 'idle', idleSeconds: 10, maxAgeSeconds: 90 }, 0)
      await sessions.create({ ...about, sid: 'old', idleSeconds: 10, maxAgeSeconds: 10 }, 0)
      await sessions.create({ ...about, sid: 'live', idleSeconds: 90, maxAgeSeconds: 90 }, 0)
      await sessions.create({ ...about, sid: 'ended', idleSeconds: 90, maxAgeSeconds: 90 }, 0)
      await sessions.create({ ...about, userId: 'id-b', sid: 'foreign', idleSeconds: 10, maxAgeSeconds: 90 }, 0)
      await sessions.revoke('ended', 'logout')
      clock.advance(10)

      const ended = await end(stores)

      t.strictSame(
        ended?.toSorted((a, b) => (a.sid < b.sid ? -1 : 1)),
        [
          { sid: 'idle', wasLive: false },
          { sid: 'live', wasLive: true },
          { sid: 'old', wasLive: false },
        ],
      )
      const { revoked } = await sessions.revokedSince(clock(), '', 10)
      t.strictSame(revoked.map(({ sid }) => sid).toSorted(), ['idle', 'live', 'old'])
    })
  }

  t.test(`${engine.name}: one session is ended although its time is over, once`, async t => {
    const { stores, clock } = await withUsers(t, engine)
    const { sessions } = stores
    for (const sid of ['x', 'y']) await sessions.create({ ...about, sid, idleSeconds: 10, maxAgeSeconds: 90 }, 0)
    clock.advance(10)
    t.equal(await sessions.revokeOwn('id-b', 'x'), false)
    t.strictSame([await sessions.revokeOwn('id-a', 'x'), await sessions.revokeOwn('id-a', 'x')], [true, false])
    t.strictSame([await sessions.revoke('y', 'admin'), await sessions.revoke('y', 'admin')], [true, false])
    t.equal((await sessions.revokedSince(clock(), '', 10)).revoked.length, 2)
  })

  t.test(`${engine.name}: ended sessions are told page by page, each once, many of one second too`, async t => {
    const { stores, clock } = await withUsers(t, engine)
    const { sessions } = stores
    const begun = clock()
    for (let i = 0; i < 7; i++) {
      await sessions.create({ ...about, sid: `s${i}`, idleSeconds: 90, maxAgeSeconds: 90 }, 0)
      if (i % 4 === 0) clock.advance(1)
      await sessions.revoke(`s${i}`, 'logout')
    }
    const told: string[] = []
    for (let at = { revokedAt: begun, sid: '' }; ; ) {
      const { revoked } = await sessions.revokedSince(at.revokedAt, at.sid, 2)
      t.ok(revoked.length <= 2, 'no page is longer than asked for')
      told.push(...revoked.map(({ sid }) => sid))
      const last = revoked.at(-1)
      if (!last || told.length > 20) break
      at = last
    }
    t.strictSame(told, ['s0', 's1', 's2', 's3', 's4', 's5', 's6'])
  })

  t.test(`${engine.name}: a session is not ended before it was last used, whatever the clock says`, async t => {
    for (const [what, end] of endings) {
      const { stores, clock } = await withUsers(t, engine)
      const { sessions } = stores
      await sessions.create({ ...about, sid: 'unused', idleSeconds: 900, maxAgeSeconds: 900 }, 0)
      await sessions.create({ ...about, sid: 'used', idleSeconds: 900, maxAgeSeconds: 900 }, 0)
      clock.advance(100)
      const used = await sessions.rotate('used', 0, { idleSeconds: 900, raceWindowSeconds: 0 })
      clock.advance(-3600)
      await end(stores)
      t.equal((await sessions.find('used'))?.session.revokedAt, used?.now, what)
      t.equal((await sessions.find('unused'))?.session.revokedAt, used && used.now - 100, what)
    }
  })

  t.test(`${engine.name}: what was ended when its time was over is kept as long as any other`, async t => {
    const { stores, clock } = await withUsers(t, engine)
    const { sessions } = stores
    await sessions.create({ ...about, sid: 'late', idleSeconds: 10, maxAgeSeconds: 10 }, 0)
    clock.advance(100)
    await sessions.revokeAll('id-a', 'logout_all')
    clock.advance(100)
    t.equal(await sessions.deleteEnded(100, 10), 1, 'looked at')
    t.ok(await sessions.find('late'))
    t.equal(await sessions.deleteEnded(100, 10), 0, 'and not all the time')
    clock.advance(1)
    t.equal(await sessions.deleteEnded(100, 10), 1)
    t.notOk(await sessions.find('late'))
  })
}
