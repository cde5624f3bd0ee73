/** Ways to somebody else's name, address or account that are closed. */
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { TestApp } from '../helpers/app.ts'
import { bearer, type MailApp, mailApp } from '../helpers/mail.ts'

const password = 'a long sentence of mine'
const victim = 'victim@example.com'

const patch = ({ app }: TestApp, token: string, body: object) =>
  app.inject({ method: 'PATCH', url: '/me/account', headers: bearer(token), body })

async function registered(made: MailApp, username: string, email: string): Promise<string> {
  const response = await made.post('/register', { username, password, email })
  if (response.statusCode !== 201) throw new Error(response.body)
  return (await made.logIn(username, password)).access_token
}

t.test('an address that is not proven is no name, so nobody is called by what is not theirs', async t => {
  const made = await mailApp(t)
  const thief = await registered(made, 'thief', victim)
  const refused = await patch(made, thief, { username: victim })
  t.match([refused.statusCode, refused.json().errors?.[0]?.pointer], [400, '/username'])

  await made.deliver()
  await made.post('/register', { password, email: victim })
  t.equal((await made.post('/email/verify', { token: await made.tokenTo(victim), password })).statusCode, 204)
  const owner = (await made.logIn(victim, password)).access_token
  t.equal((await made.me(owner)).json().username, victim, 'it is the name of whoever has proven it')
  t.equal((await patch(made, owner, { username: 'owner' })).json().username, 'owner')
  t.equal((await patch(made, owner, { username: victim })).json().username, victim)
})

t.test('a name that is held for a registration is nobody else’s meanwhile, and free a day later', async t => {
  const made = await mailApp(t, { emailVerification: 'required' })
  const { app, post, later } = made
  const maria = (await made.logIn('maria')).access_token
  const admin = bearer((await made.logIn()).access_token)
  t.equal((await post('/register', { username: 'ana', password, email: 'ana@example.com' })).statusCode, 202)
  const token = await made.tokenTo('ana@example.com')

  const others = [
    await post('/register', { username: 'Ana', password }),
    await post('/register', { username: 'ana', password, email: 'other@example.com' }),
    await patch(made, maria, { username: 'ana' }),
    await post('/users', { username: 'ana', password }, admin),
  ]
  for (const { statusCode, body } of others) t.match([statusCode, body], [409, '"code":"taken"'])
  t.equal((await post('/email/verify', { token, password })).statusCode, 204, 'the link makes the account')
  await made.logIn('ana', password)

  await post('/register', { username: 'eva', password, email: 'eva@example.com' })
  await later(86_400)
  t.equal((await post('/register', { username: 'eva', password })).statusCode, 201)
  t.match(await app.users.lookUp('eva'), { email: null })
})

t.test('a password of a staging site in front keeps no link from working', async t => {
  const made = await mailApp(t)
  await registered(made, 'ana', 'ana@example.com')
  const token = await made.tokenTo('ana@example.com')
  const staging = { authorization: `Basic ${Buffer.from('staging:secret').toString('base64')}` }
  t.equal((await made.post('/email/verify', { token, password }, staging)).statusCode, 204)
  await made.logIn('ana@example.com', password)
})

t.test('who asks for a new address has changed nothing yet, and the log says no more', async t => {
  const made = await mailApp(t)
  const maria = (await made.logIn('maria')).access_token
  t.equal((await patch(made, maria, { email: 'new@example.com' })).json().pending_email, 'new@example.com')
  t.notOk(made.log.some(line => line.includes('"event":"user.changed"')))
})

t.test('a new name that is refused keeps the new address of the same request from being asked for', async t => {
  const made = await mailApp(t)
  const maria = (await made.logIn('maria')).access_token
  for (const [username, code] of [
    ['thirdy', 'taken'],
    ['a b', 'invalid_request'],
    ['new@example.com', 'invalid_request'],
  ]) {
    const answer = await patch(made, maria, { username, email: 'new@example.com' })
    t.equal(answer.json().code, code)
    t.strictSame(await made.deliver(), [], String(code))
  }
  t.match((await patch(made, maria, { username: 'mary', email: 'new@example.com' })).json(), {
    username: 'mary',
    pending_email: 'new@example.com',
  })
  t.match(await made.deliver(), [{ to: 'new@example.com', purpose: 'change' }])
  const unchanged = await patch(made, maria, { username: 'mary', email: 'newer@example.com' })
  t.match(unchanged.json(), { username: 'mary', pending_email: 'newer@example.com' }, 'the own name is nobody else’s')
})

for (const [what, end] of [
  ['a new password', ({ app }: MailApp) => app.users.change('user-2', { password }, { by: 'a test' })],
  ['an administrator', ({ post }: MailApp, admin: string) => post('/users/user-2/logout', {}, bearer(admin))],
] as const) {
  t.test(`a request whose body comes after ${what} has ended its session does nothing`, async t => {
    const made = await mailApp(t)
    const admin = (await made.logIn()).access_token
    const maria = (await made.logIn('maria')).access_token
    const slowly = async (url: string, body: string) => {
      const payload = new Readable({ read() {} })
      payload.push(body.slice(0, 1))
      const headers = { ...bearer(maria), 'content-type': 'application/json' }
      const answer = made.app.inject({ method: 'PATCH', url, headers, payload })
      for (let i = 0; i < 20; i++) await turn() // until the token was looked at and the body is waited for
      return async () => {
        payload.push(body.slice(1))
        payload.push(null)
        return (await answer).json().code
      }
    }
    const requests = [
      await slowly('/me/account', '{"email":"thief@example.com"}'),
      await slowly('/me/account', '{"username":"thief"}'),
    ]
    await end(made, admin)
    for (const finish of requests) t.equal(await finish(), 'token_revoked')
    t.equal(await made.app.stores.mails.pendingAddress('user-2'), null)
    t.match(await made.app.users.get('user-2'), { username: 'maria' })
  })
}

t.test('an address is kept for whoever gave it up, also from an account that had named it unproven', async t => {
  const made = await mailApp(t)
  const { app, post } = made
  await app.users.change('user-2', { email: 'old@example.com' }, { by: 'a test' })
  await registered(made, 'other', 'old@example.com')
  await made.deliver()
  const maria = (await made.logIn('maria')).access_token
  await patch(made, maria, { email: 'new@example.com' })
  t.equal((await post('/email/verify', { token: await made.tokenTo('new@example.com') })).statusCode, 204)
  const undo = await made.tokenTo('old@example.com')

  const other = (await made.logIn('other', password)).access_token
  await patch(made, other, { email: 'old@example.com' })
  const token = await made.tokenTo('old@example.com')
  t.equal((await post('/email/verify', { token, password })).json().code, 'invalid_link')
  t.equal((await post('/email/verify', { token: undo })).statusCode, 204)
  t.match(await app.users.get('user-2'), { email: 'old@example.com', emailVerified: true })
})

t.test('who must add a second factor first can prove the address, without which there is none', async t => {
  const made = await mailApp(t, { secondFactor: 'required' })
  const ana = await registered(made, 'ana', 'ana@example.com')
  const headers = { cookie: `__Host-signet_access=${ana}`, 'sec-fetch-site': 'same-origin' }
  const start = { method: 'POST', url: '/me/totp' } as const
  t.equal((await made.app.inject({ ...start, headers })).json().code, 'email_unverified')
  const token = await made.tokenTo('ana@example.com')
  t.equal((await made.post('/email/verify', { token }, headers)).statusCode, 204)
  const { access_token } = await made.logIn('ana', password)
  t.equal((await made.app.inject({ ...start, headers: bearer(access_token) })).statusCode, 200)
})

t.test('a form whose address is not proven is told in the words of OAuth 2.0', async t => {
  const made = await mailApp(t, { emailVerification: 'required' })
  const { app, post } = made
  const user = { userId: 'id-eva', username: 'eva', email: 'eva@example.com', emailVerified: false, role: 'user' }
  await app.users.change('user-2', { password }, { by: 'a test' })
  const { passwordHash = null } = (await app.stores.users.findById('user-2')) ?? {}
  await app.stores.users.create({ ...user, passwordHash })
  for (const url of ['/login', '/token']) {
    const payload = `grant_type=password&username=eva&password=${encodeURIComponent(password)}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await app.inject({ method: 'POST', url, headers, payload })
    const detail = 'E-mail address is not verified'
    t.equal(answer.statusCode, 400)
    t.strictSame(answer.json(), { error: 'invalid_grant', error_description: detail, detail })
  }
  t.match((await post('/login', { username: 'eva', password })).json(), { status: 403, code: 'email_unverified' })
})

t.test('an administrator who saves what a form shows proves no address by it', async t => {
  const made = await mailApp(t)
  const { app } = made
  await registered(made, 'thief', victim)
  const { userId } = await app.users.lookUp('thief')
  const admin = bearer((await made.logIn()).access_token)
  const save = (body: object) => app.inject({ method: 'PATCH', url: `/users/${userId}`, headers: admin, body })
  t.match((await save({ role: 'user', email: victim, disabled: false })).json(), { email: victim })
  t.match(await app.users.get(userId), { email: victim, emailVerified: false })
  t.equal((await made.post('/login', { username: victim, password })).statusCode, 401)
  await save({ email: 'other@example.com' })
  t.match(await app.users.get(userId), { email: 'other@example.com', emailVerified: true }, 'one that is given is')
})
