/** Users over HTTP: registration, one's own password, administration. */
import bcrypt from 'bcryptjs'
import t, { type Test } from 'tap'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { type TestApp, testApp } from '../helpers/app.ts'
import { claimsOf } from '../helpers/tokens.ts'

const sentence = 'a long sentence of mine'

function as(app: TestApp['app'], accessToken: string) {
  return (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, body?: object) =>
    app.inject({ method, url, headers: { authorization: `Bearer ${accessToken}` }, ...(body && { body }) })
}

async function asAdmin(t: Test, overrides: Parameters<typeof testApp>[1] = {}) {
  const made = await testApp(t, overrides)
  const { access_token: accessToken } = await made.logIn()
  return { ...made, admin: as(made.app, accessToken) }
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

t.test('a refused name or password says why', async t => {
  const { app, logIn } = await testApp(t, { registrationIsOpen: true })
  const mistakes = async (username: string, password: string) => {
    const answer = await app.inject({ method: 'POST', url: '/register', body: { username, password } })
    t.equal(answer.statusCode, 400)
    return answer.json().errors
  }
  t.match(await mistakes('аdmin', sentence), [{ pointer: '/username', detail: /1 to 64/ }]) // a Cyrillic а
  t.match(await mistakes('two words', sentence), [{ pointer: '/username' }])
  for (const [password, reason] of [
    ['seven77', /at least 8 characters/],
    ['\u{1F600}'.repeat(7), /at least 8 characters/],
    ['password1', /most common/],
    ['PassWord1', /most common/],
    ['ana.maria', /username/],
    ['x'.repeat(73), /at most 72 bytes/],
    [`${sentence}\0`, /NUL/],
    [`${sentence}\ud800`, /valid Unicode/],
  ] as const) {
    t.match(await mistakes('ana.maria', password), [{ pointer: '/password', detail: reason }])
  }
  const longest = '\u{1F600}'.repeat(18)
  const made = await app.inject({
    method: 'POST',
    url: '/register',
    body: { username: 'ana.maria', password: longest },
  })
  t.equal(made.statusCode, 201)

  const { access_token: token } = await logIn('ana.maria', longest)
  const own = { current_password: longest, new_password: 'Ana.Maria' }
  const change = await as(app, token)('PUT', '/me/password', own)
  t.match(change.json().errors, [{ pointer: '/new_password', detail: /username/ }], 'nor does one take it later')
})

t.test('PASSWORD_MIN_LENGTH and PASSWORD_HASH are those of this service', async t => {
  const { app } = await testApp(t, { registrationIsOpen: true, passwordMinLength: 12, passwordHash: 'argon2id' })
  const register = (username: string, password: string) =>
    app.inject({ method: 'POST', url: '/register', body: { username, password } })
  t.match((await register('ana', 'eleven-char')).json().errors, [{ detail: /at least 12 characters/ }])
  t.equal((await register('ana', 'twelve-chars')).statusCode, 201)
  t.equal((await register('maria-2', 'x y'.repeat(40))).statusCode, 201, 'only bcrypt has a longest password')
})

t.test('a new password ends the other sessions, keeps this one, and the old one is gone', async t => {
  const { app, logIn, refresh, me } = await testApp(t)
  const [here, there] = [await logIn(), await logIn()]
  const change = (current: string, next: string) =>
    as(app, here.access_token)('PUT', '/me/password', { current_password: current, new_password: next })

  const wrong = await change('wrong', sentence)
  t.equal(wrong.statusCode, 401)
  t.equal(wrong.json().detail, 'Invalid credentials')
  t.equal(wrong.headers['www-authenticate'], 'Bearer realm="signet"')
  t.match((await change('demo123', 'short')).json().errors, [{ pointer: '/new_password' }])
  t.equal((await me(there.access_token)).statusCode, 200)

  t.equal((await change('demo123', sentence)).statusCode, 204)

  t.equal((await me(here.access_token)).statusCode, 200)
  t.equal((await refresh(here.refresh_token)).statusCode, 200)
  t.equal((await me(there.access_token)).json().detail, 'Token revoked')
  t.equal((await refresh(there.refresh_token)).json().detail, 'Token revoked')
  await t.rejects(logIn('thirdy', 'demo123'), /401/)
  await logIn('thirdy', sentence)
})

t.test('who proves the password of before changes nothing once it was changed', async t => {
  const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 1, queue: 8 })
  t.teardown(() => hasher.close())
  let meanwhile = async () => {}
  const hash: typeof hasher.hash = async (...password) => {
    const made = await hasher.hash(...password)
    await meanwhile()
    return made
  }
  const { app, logIn } = await testApp(t, { hasher: { ...hasher, hash } })
  const { access_token: token } = await logIn()
  meanwhile = async () => {
    meanwhile = async () => {}
    await app.users.change('user-1', { password: 'one of an administrator' }, { by: 'a test' })
  }

  const late = await as(app, token)('PUT', '/me/password', { current_password: 'demo123', new_password: sentence })

  t.match(late.json(), { status: 401, code: 'invalid_credentials' })
  await logIn('thirdy', 'one of an administrator')
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
    const refused = await as(app, accessToken)(method, url, body)
    t.equal(refused.statusCode, 403, `${method} ${url}`)
    t.match(refused.json(), { detail: 'Admin role required', code: 'admin_required' })
    t.equal((await app.inject({ method, url, ...(body && { body }) })).statusCode, 401)
  }
  await app.users.change('user-2', { role: 'admins' }, { by: 'a test' })
  const almost = as(app, (await logIn('maria')).access_token)
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
] as [string, (admin: ReturnType<typeof as>) => ReturnType<ReturnType<typeof as>>][]) {
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

for (const [from, to, overrides, form] of [
  ['a cheaper bcrypt hash', 'the configured cost', { bcryptCost: 5 }, /^\$2b\$05\$/],
  ['a bcrypt hash', 'argon2id', { passwordHash: 'argon2id' }, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/],
] as const) {
  t.test(`${from} becomes ${to} at the next login, once, and ends nothing`, async t => {
    const { app, logIn, me, log } = await testApp(t, overrides)
    await app.stores.users.update('user-2', { passwordHash: bcrypt.hashSync('demo123', 4) })

    const logins = await Promise.all(Array.from({ length: 4 }, () => logIn('maria')))

    t.match((await app.stores.users.findById('user-2'))?.passwordHash, form)
    t.equal(log.filter(line => line.includes('password.rehashed')).length, 1)
    for (const { access_token: accessToken } of logins) t.equal((await me(accessToken)).statusCode, 200)
    await logIn('maria')
    t.equal(log.filter(line => line.includes('password.rehashed')).length, 1)
  })
}

t.test('an argon2id hash still logs in when bcrypt is configured again', async t => {
  const { app, logIn } = await testApp(t)
  const argon = createPasswordHasher({ scheme: 'argon2id', bcryptCost: 4, threads: 1, queue: 8 })
  t.teardown(() => argon.close())
  await app.stores.users.update('user-2', { passwordHash: await argon.hash('demo123') })
  await logIn('maria')
  t.match((await app.stores.users.findById('user-2'))?.passwordHash, /^\$2b\$04\$/)
  await t.rejects(logIn('maria', 'wrong'), /401/)
})

t.test('the audit line says what changed, and not what was sent', async t => {
  const { app, log } = await testApp(t)
  await app.users.change('user-2', { role: 'user', email: 'maria@example.com', disabled: false }, { by: 'user-1' })
  const line = log.map(one => JSON.parse(one)).find(({ msg }) => msg === 'user.changed')
  t.strictSame(line.audit.changed, ['email'])
  t.equal(line.audit.by, 'user-1')
})
