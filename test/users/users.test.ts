/** Users over HTTP: registration, and what administrators do. */
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'
import { asUser } from '../helpers/authenticator.ts'
import { claimsOf } from '../helpers/tokens.ts'

const sentence = 'a long sentence of mine'

async function asAdmin(t: Test, overrides: Parameters<typeof testApp>[1] = {}) {
  const made = await testApp(t, overrides)
  const { access_token: accessToken } = await made.logIn()
  return { ...made, admin: asUser(made, accessToken) }
}

t.test('registration is closed unless it was opened', async t => {
  const { app } = await testApp(t)
  const answer = await app.inject({ method: 'POST', url: '/register', body: { username: 'ana', password: sentence } })
  t.equal(answer.statusCode, 403)
  t.match(answer.json(), { detail: 'Registration is closed', code: 'registration_closed' })
})

t.test('who registers can log in, under one canonical name, as an ordinary user', async t => {
  const { app, logIn } = await testApp(t, { registrationIsOpen: true })
  const register = (body: object) => app.inject({ method: 'POST', url: '/register', body })

  const made = await register({ username: 'Ａna', password: sentence })

  t.equal(made.statusCode, 201)
  const user = made.json()
  t.match(user, { username: 'ana', email: null, role: 'user', disabled: false, created_at: /Z$/ })
  t.strictSame(Object.keys(user), ['user_id', 'username', 'email', 'role', 'disabled', 'created_at'])
  t.equal(claimsOf((await logIn('ANA', sentence)).access_token)['sub'], user.user_id)

  const again = await register({ username: 'ANA', password: sentence })
  t.equal(again.statusCode, 409)
  t.match(again.json(), { detail: 'Username or e-mail is taken', code: 'taken' })
  t.equal((await register({ username: 'ben', password: sentence, role: 'admin' })).statusCode, 400)
})

t.test('only administrators administrate', async t => {
  const { app, logIn } = await testApp(t)
  const { access_token: accessToken } = await logIn('maria')
  for (const [method, url, body] of [
    ['GET', '/users'],
    ['POST', '/users', { username: 'ana', password: sentence }],
    ['GET', '/users/user-2'],
    ['PATCH', '/users/user-2', { role: 'admin' }],
    ['DELETE', '/users/user-1'],
    ['POST', '/users/user-1/logout'],
  ] as const) {
    const refused = await asUser({ app }, accessToken)(method, url, body)
    t.equal(refused.statusCode, 403, `${method} ${url}`)
    t.match(refused.json(), { detail: 'Admin role required', code: 'admin_required' })
    t.equal((await app.inject({ method, url, ...(body && { body }) })).statusCode, 401)
  }
  await app.users.change('user-2', { role: 'admins' }, { by: 'a test' })
  const almost = asUser({ app }, (await logIn('maria')).access_token)
  t.equal((await almost('GET', '/users')).json().code, 'admin_required', 'the role is a whole word')
})

t.test('an administrator creates, finds, changes and deletes users, and no hash ever leaves', async t => {
  const { admin, logIn } = await asAdmin(t)

  const made = await admin('POST', '/users', {
    username: 'Ana',
    password: sentence,
    role: 'editor',
    email: 'Ana@Example.com',
  })
  t.equal(made.statusCode, 201)
  const weak = await admin('POST', '/users', { username: 'eva', password: 'password1' })
  t.match(weak.json(), { status: 400, errors: [{ pointer: '/password' }] }, 'by the rules that hold for everybody')
  const { user_id: id } = made.json()
  t.match(made.json(), { username: 'ana', role: 'editor', email: 'ana@example.com' })
  t.equal(claimsOf((await logIn('ANA@example.com', sentence)).access_token)['sub'], id)

  t.strictSame((await admin('GET', `/users/${id}`)).json(), made.json())
  const changed = await admin('PATCH', `/users/${id}`, { email: null })
  t.match(changed.json(), { email: null, role: 'editor' })
  t.equal((await admin('PATCH', `/users/${id}`, {})).statusCode, 400)
  t.equal((await admin('PATCH', `/users/${id}`, { password: '12345678' })).json().errors[0].pointer, '/password')
  t.equal((await admin('PATCH', `/users/${id}`, { email: 'no address' })).json().errors[0].pointer, '/email')
  t.equal((await admin('POST', '/users', { username: 'ana', password: sentence })).statusCode, 409)

  t.equal((await admin('DELETE', `/users/${id}`)).statusCode, 204)
  for (const gone of [
    await admin('GET', `/users/${id}`),
    await admin('PATCH', `/users/${id}`, { role: 'user' }),
    await admin('DELETE', `/users/${id}`),
    await admin('POST', `/users/${id}/logout`),
  ]) {
    t.equal(gone.statusCode, 404)
  }
  const again = await admin('POST', '/users', { username: 'ana', password: sentence })
  t.not(again.json().user_id, id, 'a name that comes back is somebody else')
})

t.test('who is created without a role is an ordinary user, under an id of 128 bits', async t => {
  const { admin } = await asAdmin(t)
  const made = (await admin('POST', '/users', { username: 'eva', password: sentence })).json()
  t.match(made, { role: 'user', user_id: /^[\w-]{22}$/ })
})

t.test('users come page by page', async t => {
  const { admin } = await asAdmin(t)
  const first = (await admin('GET', '/users?limit=1')).json()
  t.match(first, { users: [{ username: 'maria' }], next: 'maria' })
  const second = (await admin('GET', `/users?limit=1&after=${first.next}`)).json()
  t.match(second, { users: [{ username: 'thirdy' }], next: null })
  t.match((await admin('GET', '/users?q=THI')).json(), { users: [{ username: 'thirdy' }], next: null })
  for (const bad of ['limit=0', 'limit=101', 'limit=x', 'limit=1&limit=2', 'unknown=1']) {
    t.equal((await admin('GET', `/users?${bad}`)).statusCode, 400, bad)
  }
})

for (const [what, act] of [
  ['a new role', admin => admin('PATCH', '/users/user-2', { role: 'editor' })],
  ['a new password', admin => admin('PATCH', '/users/user-2', { password: sentence })],
  ['disabling', admin => admin('PATCH', '/users/user-2', { disabled: true })],
  ['deleting', admin => admin('DELETE', '/users/user-2')],
  ['logging out by an administrator', admin => admin('POST', '/users/user-2/logout')],
] as [string, (admin: ReturnType<typeof asUser>) => ReturnType<ReturnType<typeof asUser>>][]) {
  t.test(`${what} ends the user's sessions at once, and nobody else's`, async t => {
    const { admin, logIn, me, refresh } = await asAdmin(t)
    const theirs = await logIn('maria')

    t.ok((await act(admin)).statusCode < 300)

    t.equal((await me(theirs.access_token)).json().detail, 'Token revoked')
    t.equal((await refresh(theirs.refresh_token)).json().detail, 'Token revoked')
    t.equal((await admin('GET', '/users')).statusCode, 200)
  })
}

t.test('a disabled user cannot log in until enabled again', async t => {
  const { admin, logIn } = await asAdmin(t)
  t.match((await admin('PATCH', '/users/user-2', { disabled: true })).json(), { disabled: true })
  await t.rejects(logIn('maria'), /401.*Invalid credentials/)
  await admin('PATCH', '/users/user-2', { disabled: false })
  await logIn('maria')
})

t.test('a changed e-mail address shows after the next refresh, and ends nothing', async t => {
  const { admin, logIn, me, refresh } = await asAdmin(t)
  const theirs = await logIn('maria')
  await admin('PATCH', '/users/user-2', { email: 'maria@example.com' })
  t.equal((await me(theirs.access_token)).json().email, null)
  const { access_token: accessToken } = (await refresh(theirs.refresh_token)).json()
  t.equal((await me(accessToken)).json().email, 'maria@example.com')
})

t.test('the audit line says what changed, and not what was sent', async t => {
  const { app, log } = await testApp(t)
  await app.users.change('user-2', { role: 'user', email: 'maria@example.com', disabled: false }, { by: 'user-1' })
  const line = log.map(one => JSON.parse(one)).find(({ msg }) => msg === 'user.changed')
  t.strictSame(line.audit.changed, ['email'])
  t.equal(line.audit.by, 'user-1')
})
