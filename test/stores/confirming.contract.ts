/** What every engine promises about when, and by what, the user of a session has proved who they are. */
import type { Test } from 'tap'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

const lives = { idleSeconds: 1000, maxAgeSeconds: 5000, ip: null, userAgent: null }
const policy = { idleSeconds: 1000, raceWindowSeconds: 0 }

async function withUser(t: Test, engine: Engine) {
  const clock = movableClock()
  const { stores } = await engine.open(t, clock)
  await stores.users.create({ userId: 'id-a', username: 'a', email: null, role: 'user', passwordHash: null })
  const begin = async (sid: string, amr?: string[]) =>
    (await stores.sessions.create({ ...lives, sid, userId: 'id-a', ...(amr && { amr }) }, 0))?.session
  return { ...stores, clock, begin }
}

export function testConfirming(t: Test, engine: Engine): void {
  t.test(
    `${engine.name}: a session knows when and by what it was logged in, and a rotation changes neither`,
    async t => {
      const { sessions, clock, begin } = await withUser(t, engine)
      const authTime = clock()
      t.match(await begin('a'), { authTime, amr: ['pwd'] })
      t.match(await begin('b', ['pwd', 'otp', 'mfa']), { authTime, amr: ['pwd', 'otp', 'mfa'] })
      clock.advance(100)
      const rotated = await sessions.rotate('b', 0, policy)
      t.match(rotated?.session, { generation: 1, authTime, amr: ['pwd', 'otp', 'mfa'] })
      t.match((await sessions.list('id-a')).map(({ sid, amr }) => [sid, amr.join()]).toSorted(), [
        ['a', 'pwd'],
        ['b', 'pwd,otp,mfa'],
      ])
    },
  )

  t.test(`${engine.name}: confirming changes when and by what, and nothing else`, async t => {
    const { sessions, clock, begin } = await withUser(t, engine)
    const before = await begin('a', ['pwd', 'otp', 'mfa'])
    await begin('b')
    clock.advance(100)
    const view = await sessions.confirm('a', 0, ['pwd'])
    t.strictSame(view?.session, { ...before, authTime: clock(), amr: ['pwd'] })
    t.match(view, { now: clock(), user: { userId: 'id-a' } })
    t.strictSame((await sessions.find('a'))?.session, view?.session)
    t.match((await sessions.find('b'))?.session, { authTime: clock() - 100 })
  })

  t.test(`${engine.name}: nothing is confirmed in a session that has ended, or of a user who has changed`, async t => {
    const { sessions, users, clock, begin } = await withUser(t, engine)
    for (const sid of ['ended', 'idle', 'kept']) await begin(sid)
    await sessions.revoke('ended', 'logout')
    t.equal(await sessions.confirm('ended', 0, ['pwd']), undefined)
    t.equal(await sessions.confirm('unknown', 0, ['pwd']), undefined)
    await users.update('id-a', { passwordHash: 'new' }, { keep: 'kept' })
    t.equal(await sessions.confirm('kept', 0, ['pwd']), undefined, 'by a password of before')
    t.ok(await sessions.confirm('kept', 1, ['pwd']))
    await users.update('id-a', { disabled: true }, { keep: 'kept' })
    t.equal(await sessions.confirm('kept', 2, ['pwd']), undefined, 'disabled')
    await users.update('id-a', { disabled: false })
    t.ok(await sessions.confirm('kept', 2, ['pwd']))
    clock.advance(1000)
    t.equal(await sessions.confirm('kept', 2, ['pwd']), undefined, 'its time is over')
  })
}
