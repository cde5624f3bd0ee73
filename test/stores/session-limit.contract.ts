/** What every engine promises about how many sessions a user has, and about looking at them page by page. */
import type { Test } from 'tap'
import type { SessionPosition, Stores } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

const lives = { idleSeconds: 1000, maxAgeSeconds: 5000, ip: null, userAgent: null }

async function withUsers(t: Test, engine: Engine) {
  const clock = movableClock()
  const opened = await engine.open(t, clock)
  for (const name of ['a', 'b']) {
    const names = { userId: `id-${name}`, username: name, email: null }
    await opened.stores.users.create({ ...names, role: 'user', passwordHash: null })
  }
  return { ...opened, clock, begin: beginner(opened.stores) }
}

/** @returns the ids of the sessions that were ended for the new one */
function beginner({ sessions }: Stores) {
  return async (sid: string, most?: number, userId = 'id-a') => {
    const begun = await sessions.create({ ...lives, sid, userId, ...(most !== undefined && { most }) }, 0)
    return begun?.ended.map(one => one.sid).toSorted()
  }
}

const sidsOf = async ({ sessions }: Stores) =>
  (await sessions.list('id-a', { limit: 1000 })).map(({ sid }) => sid).toSorted()

export function testSessionLimit(t: Test, engine: Engine): void {
  t.test(`${engine.name}: beyond the limit the session unused longest ends, of one second the first begun`, async t => {
    const { stores, clock, begin } = await withUsers(t, engine)
    await begin('foreign', 3, 'id-b')
    for (const sid of ['z', 'y', 'x']) t.strictSame(await begin(sid, 3), [])
    t.strictSame(await begin('w', 3), ['z'], 'all of the same second')
    clock.advance(10)
    await stores.sessions.rotate('y', 0, { idleSeconds: 1000, raceWindowSeconds: 0 })
    t.strictSame(await begin('v', 3), ['x'], 'y was used since')
    t.match((await stores.sessions.find('x'))?.session, { revokeReason: 'displaced', revokedAt: clock() })
    t.strictSame(await begin('u', 2), ['w', 'y'], 'a lower limit ends more')
    t.strictSame(await begin('only', 1), ['u', 'v'])
    t.ok((await stores.sessions.list('id-b')).length === 1)
  })

  t.test(`${engine.name}: a refresh and a counted retry are uses, each by itself`, async t => {
    const { stores, clock, begin } = await withUsers(t, engine)
    for (const sid of ['refreshed', 'retried', 'idle']) await begin(sid, 3)
    clock.advance(10)
    await stores.sessions.rotate('refreshed', 0, { idleSeconds: 1000, raceWindowSeconds: 0 })
    const retried = await stores.sessions.find('retried')
    t.ok(retried && (await stores.sessions.countRetry(retried.session, true)))
    t.strictSame(await begin('next', 3), ['idle'])
    clock.advance(10)
    t.strictSame(await begin('last', 2), ['refreshed', 'retried'])
  })

  t.test(`${engine.name}: the new session is never the one that ends, also when the clock was set back`, async t => {
    const { stores, clock, begin } = await withUsers(t, engine)
    for (const sid of ['a', 'b']) await begin(sid, 2)
    clock.advance(-500)
    t.strictSame(await begin('c', 2), ['a'])
    t.strictSame(await begin('d', 2), ['c'])
    t.strictSame(await sidsOf(stores), ['b', 'd'])
  })

  t.test(`${engine.name}: what has expired or was ended does not count`, async t => {
    const { stores, clock, begin } = await withUsers(t, engine)
    await begin('expired', 2)
    clock.advance(1000)
    await begin('ended', 2)
    await stores.sessions.revoke('ended', 'logout')
    for (const sid of ['a', 'b']) t.strictSame(await begin(sid, 2), [])
  })

  t.test(`${engine.name}: logins at once, over two handles, leave exactly as many as there may be`, async t => {
    const { stores, where, clock, begin } = await withUsers(t, engine)
    const { stores: second } = await engine.open(t, clock, where)
    const other = beginner(second)
    for (const most of [1, 3, 20]) {
      const already = (await sidsOf(stores)).length
      const begun = Array.from({ length: 40 }, (_, i) => (i % 2 ? begin : other)(`${most}-${i}`, most))
      const ended = (await Promise.all(begun)).flat()
      t.equal((await sidsOf(stores)).length, most)
      t.equal(new Set(ended).size, ended.length, 'each is ended once')
      t.equal(ended.length, already + 40 - most)
    }
  })

  t.test(`${engine.name}: a limit that was lowered far is kept at the next login`, async t => {
    const { stores, begin } = await withUsers(t, engine)
    await Promise.all(Array.from({ length: 610 }, (_, i) => begin(`s${i}`)))
    t.equal((await begin('next', 5))?.length, 606)
    t.equal((await sidsOf(stores)).length, 5)
  })

  t.test(`${engine.name}: a user's sessions come page by page, newest first, each once`, async t => {
    const { stores, clock, begin } = await withUsers(t, engine)
    for (let i = 0; i < 7; i++) {
      await begin(`s${i}`)
      if (i % 3 === 0) clock.advance(1)
    }
    await begin('foreign', 3, 'id-b')
    const seen: string[] = []
    for (let after: SessionPosition | undefined; ; ) {
      const page = await stores.sessions.list('id-a', { limit: 2, after })
      if (page.length === 0) break
      seen.push(...page.map(({ sid }) => sid))
      after = page.at(-1)
      if (seen.length === 2) await stores.sessions.revoke(seen[1] ?? '', 'logout') // its place still holds
    }
    t.strictSame(seen, ['s4', 's5', 's6', 's1', 's2', 's3', 's0'])
  })
}
