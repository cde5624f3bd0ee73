/** What every engine promises about the last administrator, also when several acts meet. */
import type { Test } from 'tap'
import type { NewUser, Stores } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

const keepAdmin = { keepAdmin: true }

function user(name: string, role: string): NewUser {
  return { userId: `id-${name}`, username: name, email: null, role, passwordHash: null }
}

const takings: [string, (stores: Stores, id: string) => Promise<unknown>][] = [
  ['demoting', ({ users }, id) => users.update(id, { role: 'user' }, keepAdmin)],
  ['disabling', ({ users }, id) => users.update(id, { disabled: true }, keepAdmin)],
  ['deleting', ({ users }, id) => users.delete(id, keepAdmin)],
]

export function testAdmins(t: Test, engine: Engine): void {
  t.test(`${engine.name}: the last enabled administrator stays, and everybody else may go`, async t => {
    const { stores } = await engine.open(t, movableClock())
    const { users } = stores
    await users.seed([user('a', 'admin'), user('b', 'admin'), user('c', 'user'), user('d', 'user')])
    await users.update('id-b', { disabled: true })
    for (const [what, take] of takings) await t.rejects(take(stores, 'id-a'), { code: 'last_admin' }, what)
    t.match(await users.findById('id-a'), { role: 'admin', disabled: false, credentialsVersion: 0 })

    t.ok(await users.update('id-a', { email: 'a@example.com', role: 'admin', disabled: false }, keepAdmin))
    for (const [, take] of takings) t.ok(await take(stores, 'id-c'), 'who is no administrator')
    t.ok(await users.delete('id-b', keepAdmin), 'a disabled administrator')
    t.equal(await users.delete('id-b', keepAdmin), undefined)
    t.equal(await users.update('id-b', { role: 'user' }, keepAdmin), undefined)
    await users.update('id-d', { role: 'admin' })
    t.ok(await users.update('id-a', { role: 'user' }, keepAdmin), 'when there is another one')
    t.ok(await users.delete('id-d'), 'and whoever does not ask for it')
  })

  t.test(`${engine.name}: of administrators who take each other away at once, one stays`, async t => {
    const clock = movableClock()
    const { stores, where } = await engine.open(t, clock)
    const { stores: second } = await engine.open(t, clock, where)
    for (let round = 0; round < 8; round++) {
      const names = ['a', 'b', 'c'].map(name => `${name}${round}`)
      for (const name of names) await stores.users.create(user(name, 'admin'))
      const done = await Promise.allSettled(
        names.map((_, i) => takings[(round + i) % 3]?.[1](i % 2 ? stores : second, `id-${names[(i + 1) % 3]}`)),
      )
      const refused = done.filter(one => one.status === 'rejected').map(({ reason }) => reason.code)
      t.strictSame(refused, ['last_admin'])
      for (const name of names) await stores.users.delete(`id-${name}`)
    }
  })
}
