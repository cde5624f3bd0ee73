/** Links that are followed while something else happens: to the session, the user, or the account they made. */
import t from 'tap'
import { client, password } from '../helpers/address.ts'
import { type MailApp, mailApp } from '../helpers/mail.ts'
import { claimsOf } from '../helpers/tokens.ts'

t.test('a session that has ended asks for no change of address, however far its request had come', async t => {
  const { app, logIn } = await mailApp(t)
  const { sub, sid } = claimsOf((await logIn('maria')).access_token) as { sub: string; sid: string }
  await app.stores.sessions.revoke(sid, 'logout')
  await t.rejects(app.addressProof.change({ sub, sid }, 'thief@example.com', client), { code: 'token_revoked' })
  t.equal(await app.addressProof.pending(sub), null)
})

for (const [what, act] of [
  ['the user has changed', ({ app }) => app.stores.users.update('user-2', { role: 'editor' })],
  ['its time was over', ({ clock }) => clock.advance(1800)],
] as [string, (made: MailApp) => unknown][]) {
  t.test(`a link sets no password when ${what} since it was looked at`, async t => {
    const made = await mailApp(t)
    const { app, post, tokenTo, logIn } = made
    await app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
    await post('/password/forgot', { username: 'maria' })
    const token = await tokenTo('maria@example.com')
    const { hash } = app.hasher
    t.teardown(() => Object.assign(app.hasher, { hash }))
    Object.assign(app.hasher, {
      hash: async (...given: Parameters<typeof hash>) => {
        await act(made)
        return hash(...given)
      },
    })
    t.equal((await post('/password/reset', { token, new_password: password })).json().code, 'invalid_link')
    t.ok(await logIn('maria', 'demo123'))
  })
}

t.test('a link to an address that is somebody else’s by now is no link, and does not say why', async t => {
  const { app, post, deliver, tokenTo } = await mailApp(t)
  const { user_id: id } = (await post('/register', { username: 'ana', password, email: 'ana@example.com' })).json()
  await deliver()
  await app.recovery.sendLink(id, { by: 'a test' }, {})
  const token = await tokenTo('ana@example.com')
  await app.users.change('user-2', { email: 'ana@example.com' }, { by: 'a test' })
  t.match((await post('/password/reset', { token, new_password: password })).json(), { code: 'invalid_link' })
  t.match(await app.users.get(id), { emailVerified: false })
})

t.test('the password of a registration is guessed at its link no faster than at a login', async t => {
  const { post, tokenTo } = await mailApp(t, { emailVerification: 'required', loginFreeFailures: 2 })
  await post('/register', { username: 'ana', password, email: 'ana@example.com' })
  const token = await tokenTo('ana@example.com')
  const guess = async (guessed: string) => (await post('/email/verify', { token, password: guessed })).statusCode
  t.strictSame([await guess('one'), await guess('two'), await guess(password)], [401, 401, 429])
})

t.test('a link that made an account makes it once, also when the account is gone', async t => {
  const { app, post, tokenTo } = await mailApp(t, { emailVerification: 'required' })
  await post('/register', { username: 'ana', password, email: 'ana@example.com' })
  const token = await tokenTo('ana@example.com')
  t.equal((await post('/email/verify', { token, password })).statusCode, 204)
  await app.users.delete((await app.users.lookUp('ana')).userId, { by: 'a test' })
  t.equal((await post('/email/verify', { token, password })).json().code, 'invalid_link')
})

t.test(
  'a link that proves an address is one to nothing once an administrator has looked after the address',
  async t => {
    const { app, post, tokenTo } = await mailApp(t)
    const by = { by: 'a test' }
    for (const [username, changes] of [
      ['ana', [null]],
      ['eva', ['other@example.com', 'eva@example.com']],
    ] as const) {
      const email = `${username}@example.com`
      const { user_id: userId } = (await post('/register', { username, password, email })).json()
      const token = await tokenTo(email)
      for (const changed of changes) await app.users.change(userId, { email: changed }, by)
      t.equal((await post('/email/verify', { token, password })).json().code, 'invalid_link', username)
      t.match(await app.users.get(userId), { email: changes.at(-1) })
    }
  },
)

for (const [what, act] of [
  ['was proven', ({ post }, _id, token) => post('/email/verify', { token, password })],
  ['changed', ({ app }, id) => app.users.change(id, { email: 'other@example.com' }, { by: 'a test' })],
  ['was taken away', ({ app }, id) => app.users.change(id, { email: null }, { by: 'a test' })],
] as [string, (made: MailApp, id: string, token: string) => Promise<unknown>][]) {
  t.test(`a link to prove an address does nothing when the address ${what} while it was asked for`, async t => {
    const made = await mailApp(t, { emailVerification: 'required' })
    const { app, post, deliver, tokenTo } = made
    const email = 'eva@example.com'
    const passwordHash = await app.hasher.hash(password)
    await app.stores.users.create({
      userId: 'eva',
      username: 'eva',
      email,
      emailVerified: false,
      role: 'user',
      passwordHash,
    })
    const logIn = async () => (await post('/login', { username: 'eva', password })).json().code
    t.equal(await logIn(), 'email_unverified')
    const first = await tokenTo(email)
    const { replace } = app.stores.mails
    t.teardown(() => Object.assign(app.stores.mails, { replace }))
    Object.assign(app.stores.mails, {
      replace: async (...given: Parameters<typeof replace>) => {
        await act(made, 'eva', first)
        return replace(...given)
      },
    })
    t.equal(await logIn(), 'email_unverified')
    Object.assign(app.stores.mails, { replace })
    const token = await tokenTo(email)
    const before = await app.users.get('eva')
    t.equal((await post('/email/verify', { token, password })).json().code, 'invalid_link')
    t.strictSame(await app.users.get('eva'), before)
    t.strictSame(await deliver(), [])
  })
}
