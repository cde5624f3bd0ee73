/** Each act is one audit line, by whom and to whom (docs/operations.md), at a level that says whether to look at it. */
import t, { type Test } from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { type Overrides, testApp } from '../helpers/app.ts'
import { claimsOf } from '../helpers/tokens.ts'

const sentence = 'a long sentence of mine'
const ip = '127.0.0.1'

interface Line {
  readonly level: number
  readonly audit: Record<string, unknown>
}

async function audited(t: Test, overrides: Overrides = {}) {
  const service = await testApp(t, overrides)
  const as = (token: string) => (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, body?: object) =>
    service.app.inject({ method, url, headers: { authorization: `Bearer ${token}` }, ...(body && { body }) })
  /** The lines of what an act did. */
  async function linesOf(act: () => Promise<unknown>): Promise<Line[]> {
    const before = service.log.length
    await act()
    return service.log
      .slice(before)
      .map(line => JSON.parse(line))
      .filter(line => line.audit)
  }
  const eventsOf = async (act: () => Promise<unknown>) => (await linesOf(act)).map(({ audit }) => audit)
  return { ...service, as, linesOf, eventsOf }
}

const sidOf = (token: string) => String(claimsOf(token)['sid'])

t.test('logins: who came in, who failed, and who had to wait', async t => {
  const { app, logIn, eventsOf } = await audited(t, { loginFreeFailures: 1 })
  const wrong = (username: string) => app.inject({ method: 'POST', url: '/login', body: { username, password: 'no' } })
  await app.users.change('user-1', { email: 'thirdy@example.com' }, { by: 'a test' })
  const [login, ...others] = await eventsOf(() => logIn('maria'))
  t.match(login, { event: 'login', sub: 'user-2', sid: /^[\w-]{22}$/, ip })
  t.strictSame(others, [])

  const [failed] = await eventsOf(() => wrong('thirdy'))
  t.match(failed, { event: 'login.failed', sub: 'user-1', ip, account: /^[\w-]{16}$/ })
  const [throttled] = await eventsOf(() => wrong('THIRDY'))
  t.strictSame(throttled, { ...failed, event: 'login.throttled' }, 'the same account by every spelling')
  t.strictSame(await eventsOf(() => wrong('thirdy@example.com')), [throttled], 'and by the e-mail address')
  const [unknown] = await eventsOf(() => wrong('nobody'))
  t.match(unknown, { event: 'login.failed', ip, account: /^[\w-]{16}$/ })
  t.notOk('sub' in (unknown ?? {}))

  await app.users.change('user-2', { disabled: true }, { by: 'a test' })
  const [disabled, ...more] = await eventsOf(() =>
    app.inject({ method: 'POST', url: '/login', body: { username: 'maria', password: 'demo123' } }),
  )
  t.match(disabled, { event: 'login.failed', sub: 'user-2' }, 'the right password of a disabled user is a wrong one')
  t.strictSame(more, [])

  const { verify } = app.hasher
  t.teardown(() => Object.assign(app.hasher, { verify })) // it is that of the next test, too
  Object.assign(app.hasher, { verify: () => Promise.reject(new SignetError('overloaded', 'no room for another hash')) })
  t.strictSame(await eventsOf(() => wrong('nobody else')), [], 'what was not looked at is no failure')
})

t.test('sessions: each end once, by whoever ended it', async t => {
  const { app, logIn, as, eventsOf } = await audited(t)
  const [admin, one, two, three] = [await logIn(), await logIn('maria'), await logIn('maria'), await logIn('maria')]
  const hers = as(three.access_token)

  const logOut = () => as(one.access_token)('POST', '/logout')
  const sid = sidOf(one.access_token)
  t.strictSame(await eventsOf(logOut), [{ event: 'logout', sub: 'user-2', sid, ip }])
  t.strictSame(await eventsOf(logOut), [], 'a second logout ends nothing')

  const second = sidOf(two.access_token)
  const ended = await eventsOf(() => hers('DELETE', `/sessions/${second}`))
  t.strictSame(ended, [{ event: 'session.ended', sub: 'user-2', sid: second, ip }])

  const ofAdmin = await eventsOf(() => as(admin.access_token)('POST', '/users/user-2/logout'))
  t.strictSame(ofAdmin, [{ event: 'logout.all', sub: 'user-2', sessionsEnded: 1, ip, by: 'user-1' }])

  const again = await logIn('maria')
  const all = await eventsOf(() => as(again.access_token)('POST', '/logout/all'))
  t.strictSame(all, [{ event: 'logout.all', sub: 'user-2', sessionsEnded: 1, ip }])

  const last = sidOf((await logIn('maria')).access_token)
  const byCommand = await eventsOf(() => app.sessions.endAny(last, 'command line'))
  t.strictSame(byCommand, [{ event: 'session.ended', sub: 'user-2', sid: last, by: 'command line' }])

  const reasonOf = async (sid: string) => (await app.stores.sessions.find(sid))?.session.revokeReason
  const reasons = await Promise.all(
    [sid, second, sidOf(three.access_token), sidOf(again.access_token), last].map(reasonOf),
  )
  t.strictSame(reasons, ['logout', 'ended', 'admin', 'logout_all', 'admin'], 'and the row says why')
})

t.test('refreshes: each outcome, and a stolen token or a lost write as what an operator looks at', async t => {
  const { app, clock, logIn, refresh, linesOf } = await audited(t, { refreshRetriesPerDay: 0 })
  const { refresh_token: token } = await logIn('maria')
  const info = { level: 30, audit: { sub: 'user-2', ip, presented: 0 } }
  clock.advance(31)
  t.match(await linesOf(() => refresh(token)), [{ ...info, audit: { event: 'refresh.rotated', generation: 1 } }])
  t.match(await linesOf(() => refresh(token)), [{ ...info, audit: { event: 'refresh.repeated', generation: 1 } }])
  clock.advance(31)
  t.match(await linesOf(() => refresh(token)), [{ level: 40, audit: { event: 'refresh.reuse', sub: 'user-2', ip } }])
  t.match(await linesOf(() => refresh(token)), [{ level: 30, audit: { event: 'refresh.revoked' } }])

  const [first, ahead] = [await logIn('maria'), await logIn('maria')]
  const set = (sid: string, generation: number) => {
    const { find } = app.stores.sessions
    app.stores.sessions.rotate = async () => undefined
    app.stores.sessions.find = async asked => {
      const view = await find(asked)
      return view && asked === sid ? { ...view, session: { ...view.session, generation } } : view
    }
  }
  app.stores.sessions.recover = async ({ sid }) => app.stores.sessions.find(sid)
  set(sidOf(first.access_token), -1)
  t.match(await linesOf(() => refresh(first.refresh_token)), [{ level: 50, audit: { event: 'refresh.recovered' } }])
  set(sidOf(ahead.access_token), -2)
  t.match(await linesOf(() => refresh(ahead.refresh_token)), [{ level: 40, audit: { event: 'refresh.ahead' } }])
})

t.test('users: made, changed and deleted, by whom, and with how many sessions', async t => {
  const { app, logIn, as, eventsOf } = await audited(t, { registrationIsOpen: true })
  const admin = as((await logIn()).access_token)
  const by = { by: 'user-1', ip }

  const [created] = await eventsOf(() => admin('POST', '/users', { username: 'ana', password: sentence }))
  t.match(created, { event: 'user.created', sub: /^[\w-]{22}$/, ...by })
  const registration = { username: 'ben', password: sentence }
  const [registered] = await eventsOf(() => app.inject({ method: 'POST', url: '/register', body: registration }))
  t.match(registered, { event: 'user.registered', sub: /^[\w-]{22}$/, ip })
  t.notOk('by' in (registered ?? {}))

  const here = await logIn('maria')
  await logIn('maria')
  const change = { current_password: 'demo123', new_password: sentence }
  t.strictSame(await eventsOf(() => as(here.access_token)('PUT', '/me/password', change)), [
    { event: 'password.changed', sub: 'user-2', sid: sidOf(here.access_token), ip, sessionsEnded: 1 },
  ])
  t.strictSame(await eventsOf(() => admin('PATCH', '/users/user-2', { password: 'another long sentence' })), [
    { event: 'user.changed', sub: 'user-2', changed: ['password'], sessionsEnded: 1, ...by },
  ])
  t.strictSame(await eventsOf(() => app.users.unlock('user-2', { by: 'command line' })), [
    { event: 'user.unlocked', sub: 'user-2', by: 'command line' },
  ])
  await logIn('maria', 'another long sentence')
  t.strictSame(await eventsOf(() => admin('DELETE', '/users/user-2')), [
    { event: 'user.deleted', sub: 'user-2', sessionsEnded: 1, ...by },
  ])
})
