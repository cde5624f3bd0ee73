/** Passwords over HTTP: which are taken, and how one changes one's own. */
import t from 'tap'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { testApp } from '../helpers/app.ts'
import { asUser } from '../helpers/authenticator.ts'

const sentence = 'a long sentence of mine'

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
  const change = await asUser({ app }, token)('PUT', '/me/password', own)
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
    asUser({ app }, here.access_token)('PUT', '/me/password', { current_password: current, new_password: next })

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

  const late = await asUser({ app }, token)('PUT', '/me/password', {
    current_password: 'demo123',
    new_password: sentence,
  })

  t.match(late.json(), { status: 401, code: 'invalid_credentials' })
  await logIn('thirdy', 'one of an administrator')
})
