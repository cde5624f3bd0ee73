/** A hash costs half a second of a core: none is computed for a password that is refused, or for nothing. */
import t from 'tap'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { testApp } from '../helpers/app.ts'

t.test('a password that is refused is not hashed, whoever sets it', async t => {
  const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 1, queue: 100 })
  t.teardown(() => hasher.close())
  const { app, logIn } = await testApp(t, { hasher, registrationIsOpen: true })
  const headers = { authorization: `Bearer ${(await logIn()).access_token}` }
  const before = hasher.load().hashes

  for (const password of ['short', 'password1', 'x\0 a long sentence', 'thirdy-or-ana', 'y'.repeat(73)]) {
    const body = { username: 'thirdy-or-ana', password }
    for (const [method, url, sent] of [
      ['POST', '/register', body],
      ['POST', '/users', body],
      ['PATCH', '/users/user-2', { password }],
    ] as const) {
      const answer = await app.inject({ method, url, headers, body: sent })
      if (url === '/users/user-2' && password === 'thirdy-or-ana') continue // somebody else's name
      t.equal(answer.statusCode, 400, `${url} ${JSON.stringify(password)}`)
      t.match(answer.json().errors, [{ pointer: '/password' }])
    }
  }
  t.equal(hasher.load().hashes, before + 1, 'but the one that was good')

  const changeFrom = (current: string, next: string) => {
    const body = { current_password: current, new_password: next }
    return app.inject({ method: 'PUT', url: '/me/password', headers, body })
  }
  const change = await changeFrom('demo123', 'thirdy')
  t.equal(change.statusCode, 400)
  t.match(change.json().errors, [{ pointer: '/new_password' }])
  t.equal(hasher.load().hashes, before + 2, 'the old one was looked at, the new one was not hashed')

  t.equal((await changeFrom('wrong', 'a long sentence of mine')).statusCode, 401)
  t.equal(hasher.load().hashes, before + 3, 'nor one that is good, for somebody who does not know the old one')
})
