/** The token lifecycle over HTTP: the six steps of the practice flow, and their answers, letter for letter. */
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { claimsOf, headerOf } from '../helpers/tokens.ts'

t.test('a login gives an access token and a refresh token', async t => {
  const { app } = await testApp(t)

  const response = await app.inject({
    method: 'POST',
    url: '/login',
    body: { username: 'thirdy', password: 'demo123' },
  })

  t.equal(response.statusCode, 200)
  t.match(response.headers, { 'cache-control': 'no-store', pragma: 'no-cache' })
  const body = response.json()
  t.strictSame(Object.keys(body), ['access_token', 'refresh_token', 'token_type', 'expires_in'])
  t.match(body, { token_type: 'bearer', expires_in: 900 })
  t.match(headerOf(body.access_token), { alg: 'HS256', typ: 'at+jwt', kid: /^[A-Za-z0-9_-]{12}$/ })
  t.match(headerOf(body.refresh_token), { alg: 'HS256', typ: 'rt+jwt', kid: /^[A-Za-z0-9_-]{12}$/ })
  t.match(claimsOf(body.access_token), {
    iss: 'http://localhost:3000',
    aud: 'http://localhost:3000',
    sub: 'user-1',
    client_id: 'signet',
    username: 'thirdy',
    email: null,
    role: 'admin',
    token_type: 'access',
  })
  t.match(claimsOf(body.refresh_token), { sub: 'user-1', gen: 0, token_type: 'refresh' })
})

t.test('the practice flow gives exactly the documented answers', async t => {
  const { app, clock, logIn, me, refresh } = await testApp(t)

  const tokens = await logIn()
  const accepted = await me(tokens.access_token)
  t.equal(accepted.statusCode, 200)
  t.strictSame(accepted.json(), {
    user_id: 'user-1',
    username: 'thirdy',
    email: null,
    role: 'admin',
    message: 'You used a valid access token',
  })

  const confused = await me(tokens.refresh_token)
  t.equal(confused.statusCode, 401)
  t.equal(confused.json().detail, 'Access token required')

  const refreshed = await refresh(tokens.refresh_token)
  t.equal(refreshed.statusCode, 200)
  t.equal(refreshed.headers['signet-refresh'], 'rotated')
  t.not(refreshed.json().access_token, tokens.access_token)
  t.not(refreshed.json().refresh_token, tokens.refresh_token)

  const at = 40
  const other = tokens.access_token[at] === 'A' ? 'B' : 'A'
  const changed = tokens.access_token.slice(0, at) + other + tokens.access_token.slice(at + 1)
  t.equal((await me(changed)).json().detail, 'Invalid token')

  clock.advance(900)
  await app.revocations.poll()
  t.equal((await me(tokens.access_token)).json().detail, 'Token expired')
  const later = await refresh(refreshed.json().refresh_token)
  t.equal(later.statusCode, 200)
  t.equal((await me(later.json().access_token)).statusCode, 200)
})
