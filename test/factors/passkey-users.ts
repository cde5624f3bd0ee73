/** Two users, what is asked about their passkeys, and an authenticator in software that answers. */
import type { Test } from 'tap'
import type { AuditEvent } from '../../src/base/audit.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { createPasskeys as create, type Question, type RegistrationResponseJSON } from '../../src/factors/passkeys.ts'
import { movableClock } from '../helpers/clock.ts'
import { createAuthenticator, type Says } from '../helpers/passkey.ts'

export const origin = 'https://app.example.com'
export const rpId = 'example.com'
export const ip = '192.0.2.1'
export const refused = { code: 'invalid_code' }

export async function withUsers(t: Test) {
  const clock = movableClock()
  const stores = await openSqliteStores(':memory:', clock)
  t.teardown(() => stores.close())
  for (const name of ['a', 'b']) {
    await stores.users.create({ userId: `id-${name}`, username: name, email: null, role: 'user', passwordHash: 'x' })
  }
  const events: AuditEvent[] = []
  const rp = { id: rpId, origins: ['https://auth.example.com', origin] }
  const { checkLogin, check, add, ...others } = create({ ...stores, rp, audit: event => void events.push(event) })
  const passkeys = {
    ...others,
    add: (userId: string, sid: string, name: string, response: RegistrationResponseJSON) =>
      add({ userId, sid, name, response, mails: [] }),
    checkLogin: (response: Parameters<typeof checkLogin>[0]) => checkLogin(response, { ip }),
    check: (question: Question, response: Parameters<typeof check>[1]) => check(question, response, { ip }),
  }
  const user = async (name = 'a') => (await stores.users.findByUsername(name))!
  const options = async (sid = 'sid', name = 'a') => passkeys.creationOptions(await user(name), sid)
  async function enrolled(name = 'a', usual: Says = {}) {
    const key = createAuthenticator({ origin, rpId, ...usual })
    await passkeys.add(`id-${name}`, 'sid', 'my phone', key.create(await options('sid', name)))
    return key
  }
  return { stores, clock, events, passkeys, user, options, enrolled }
}
