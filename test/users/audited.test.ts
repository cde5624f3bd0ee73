/** What happens by links, at an import and to one's own account is in the log, by whom and to whom, and never by a typed name. */

import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { createPasswordPolicy } from '../../src/passwords/password-policy.ts'
import type { UserStore } from '../../src/stores/stores.ts'
import { createImportService } from '../../src/users/import/import-service.ts'
import { seedUsers } from '../../src/users/import/seed-users.ts'
import type { Overrides } from '../helpers/app.ts'
import { bearer, mailApp } from '../helpers/mail.ts'
import { root } from '../helpers/places.ts'
import { claimsOf } from '../helpers/tokens.ts'

const password = 'a long sentence of mine'
const ip = '127.0.0.1'
const sub = 'user-2'

async function audited(t: Test, overrides: Overrides = {}) {
  const made = await mailApp(t, overrides)
  /** The events of what an act did, but for logins. */
  async function eventsOf(act: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
    const before = made.log.length
    await act()
    const lines = made.log.slice(before).map(line => JSON.parse(line))
    return lines.flatMap(({ audit }) => (audit && audit.event !== 'login' ? [audit] : []))
  }
  const prove = async (address: string, body: object = {}) => {
    const token = await made.tokenTo(address)
    return eventsOf(() => made.post('/email/verify', { token, ...body }))
  }
  return { ...made, eventsOf, prove }
}

t.test('a registration, and the proof of its address', async t => {
  const { app, post, eventsOf, prove } = await audited(t)
  const ask = (body: object) => eventsOf(() => post('/register', { password, ...body }))
  const [registered, ...others] = await ask({ username: 'ana', email: 'ana@example.com' })
  t.match(registered, { event: 'user.registered', ip })
  t.strictSame(others, [])
  const ana = registered?.['sub']
  t.strictSame(await prove('ana@example.com'), [{ event: 'email.verified', sub: ana, ip, sessionsEnded: 0 }])

  t.strictSame(await ask({ email: 'eva@example.com' }), [{ event: 'user.registering', ip }], 'nobody is there yet')
  const [made] = await prove('eva@example.com', { password })
  const { userId } = await app.users.lookUp('eva@example.com')
  t.strictSame(made, { event: 'user.registered', sub: userId, ip })
})

t.test('a forgotten password, and links of an administrator', async t => {
  const { app, post, logIn, tokenTo, eventsOf } = await audited(t)
  await app.users.change(sub, { email: 'maria@example.com' }, { by: 'a test' })
  const [asked, ...others] = await eventsOf(() => post('/password/forgot', { username: ' MARIA@example.com' }))
  t.match(asked, { event: 'password.forgotten', account: /^[\w-]{16}$/, ip })
  t.strictSame(others, [])
  const token = await tokenTo('maria@example.com')
  await logIn('maria')
  const reset = await eventsOf(() => post('/password/reset', { token, new_password: password }))
  t.strictSame(reset, [{ event: 'password.reset', sub, ip, sessionsEnded: 1 }])

  const admin = bearer((await logIn()).access_token)
  const sent = await eventsOf(() => post('/users/user-2/password-reset', {}, admin))
  t.strictSame(sent, [{ event: 'password.link_sent', sub, by: 'user-1', ip }])
  const invitation = { username: 'ana', email: 'ana@example.com', language: 'en' }
  const [invited] = await eventsOf(() => app.users.invite(invitation, { by: 'command line' }))
  t.match(invited, { event: 'user.created', sub: (await app.users.lookUp('ana')).userId, by: 'command line' })
  t.match(await app.users.lookUp('ana'), { emailVerified: false })
})

t.test('an address that is changed, proven and changed back, a name, and the end', async t => {
  const { app, logIn, eventsOf, prove } = await audited(t)
  await app.users.change(sub, { email: 'old@example.com' }, { by: 'a test' })
  const headers = bearer((await logIn('maria')).access_token)
  const change = (body: object) => eventsOf(() => app.inject({ method: 'PATCH', url: '/me/account', headers, body }))
  t.strictSame(await change({ email: 'new@example.com' }), [{ event: 'email.change_asked', sub, ip }])
  t.strictSame(await prove('new@example.com'), [{ event: 'email.changed', sub, ip, sessionsEnded: 0 }])
  t.strictSame(await change({ username: 'mary' }), [
    { event: 'user.changed', sub, changed: ['username'], sessionsEnded: 0, ip },
  ])
  t.strictSame(await prove('old@example.com'), [{ event: 'email.restored', sub, ip, sessionsEnded: 1 }])
  t.equal((await app.inject({ url: '/me', headers })).json().code, 'token_revoked')

  const mine = bearer((await logIn()).access_token)
  await app.users.change(sub, { role: 'admin' }, { by: 'a test' })
  const gone = await eventsOf(() => app.inject({ method: 'DELETE', url: '/me/account', headers: mine }))
  t.strictSame(gone, [{ event: 'user.deleted', sub: 'user-1', sessionsEnded: 1, ip }])
})

t.test('who changes the own password is told by mail, where an address is proven', async t => {
  const { app, logIn, deliver, eventsOf } = await audited(t)
  const tokens = await logIn('maria')
  const change = (current_password: string, new_password: string) =>
    eventsOf(() =>
      app.inject({
        method: 'PUT',
        url: '/me/password',
        headers: bearer(tokens.access_token),
        body: { current_password, new_password },
      }),
    )
  await change('demo123', password)
  t.strictSame(await deliver(), [])
  await app.users.change(sub, { email: 'maria@example.com' }, { by: 'a test' })
  const sid = claimsOf(tokens.access_token)['sid']
  t.match(await change(password, 'another long sentence'), [{ event: 'password.changed', sub, sid, sessionsEnded: 0 }])
  t.match(await deliver(), [{ to: 'maria@example.com', purpose: 'password_changed' }])
})

t.test('the first users, and an import', async t => {
  const { app, log } = await audited(t)
  const events = log.flatMap(line => JSON.parse(line).audit ?? [])
  t.strictSame(events, [{ event: 'users.seeded', count: 2 }])
  const audit: object[] = []
  const service = createImportService({
    users: app.stores.users,
    hasher: app.hasher,
    policy: createPasswordPolicy(8, 'bcrypt'),
    hashesAtOnce: 4,
    audit: event => void audit.push(event),
  })
  const stop = new AbortController()
  const told: number[] = []
  const importing = (usernames: string[], watch?: (line: number) => void) =>
    service.importFrom(records(usernames, watch), {
      signal: stop.signal,
      refused() {},
      progress: tally => void told.push(tally.inserted),
    })
  await importing(['maria'])
  t.strictSame(audit, [], 'who was there already is no news')
  await importing(['maria', 'ana', 'eva'])
  t.strictSame(audit, [{ event: 'users.imported', count: 2 }])

  audit.length = 0
  let read = 0
  const many = Array.from({ length: 60 }, (_, i) => `user${i}`)
  const { inserted } = await importing(many, line => {
    read = line
    if (line === 40) stop.abort()
  })
  t.equal(read, 40, 'nothing is read behind a stop')
  t.ok(inserted > 0 && inserted <= 40)
  t.equal(told.at(-1), inserted, 'as progress has told')
  t.strictSame(audit, [{ event: 'users.imported', count: inserted }], 'and what had come in is told')
})

t.test(
  'first users that another instance brought meanwhile are its news, and an outage is no mistake of the file',
  async t => {
    const { app } = await audited(t)
    const file = join(root, 'practice', 'users.ndjson')
    const events: object[] = []
    const seeding = (changes: Partial<UserStore>) => {
      const users = { ...app.stores.users, isSeeded: async () => false, isEmpty: async () => true, ...changes }
      const policy = createPasswordPolicy(8, 'bcrypt')
      return seedUsers({ users, hasher: app.hasher, policy, audit: event => void events.push(event) }, file)
    }
    t.equal(await seeding({ seed: async () => false }), 0)
    const away = () => Promise.reject(new SignetError('unavailable', 'the disk is away'))
    await t.rejects(seeding({ seed: away }), { code: 'unavailable' })
    t.strictSame(events, [])
  },
)

async function* records(usernames: string[], watch?: (line: number) => void) {
  for (const [line, username] of usernames.entries()) {
    watch?.(line)
    yield { line, bytes: 0, read: { value: { username } } }
  }
}
