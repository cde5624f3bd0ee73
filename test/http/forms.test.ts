/** The OAuth 2.0 forms of /login and /token, as clients of RFC 6749 send them and expect them to be answered. */
import t from 'tap'
import { form, isOAuthError, json, post } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { claimsOf } from '../helpers/tokens.ts'

const { app, logIn } = await testApp(t, { loginFreeFailures: 0 })

const goodForm = 'username=thirdy&password=demo123'
const passwordGrant = `grant_type=password&${goodForm}`
const notValid = 'Request is not valid'
const unsupported = 'Grant type is not supported'

t.test('a login answers tokens in exactly this form (RFC 6749 section 5.1), each time of a new session', async t => {
  const answers = [
    await post(app, '/login', json, JSON.stringify({ username: 'thirdy', password: 'demo123' })),
    await post(app, '/login', form, goodForm),
    await post(app, '/token', form, passwordGrant),
  ]
  for (const answer of answers) {
    t.equal(answer.statusCode, 200)
    t.match(answer.headers, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    })
    const body = answer.json()
    t.strictSame(Object.keys(body), ['access_token', 'refresh_token', 'token_type', 'expires_in'])
    t.equal(body.token_type, 'bearer')
    const { exp, iat } = claimsOf(body.access_token) as { exp: number; iat: number }
    t.equal(body.expires_in, exp - iat)
  }
  t.equal(new Set(answers.map(answer => claimsOf(answer.json().access_token)['sid'])).size, 3)
})

t.test('a refresh at /token says why it gave tokens, as at /refresh', async t => {
  const { refresh_token: token } = await logIn('maria')
  const grant = `grant_type=refresh_token&refresh_token=${token}`
  const causes = [await post(app, '/token', form, grant), await post(app, '/token', form, grant)]
  t.strictSame(
    causes.map(({ headers }) => headers['signet-refresh']),
    ['rotated', 'repeated'],
  )
})

t.test('grant_type may be left out at /login and not at /token; fields without a value count as left out', async t => {
  for (const grant of ['', '&grant_type=password', '&grant_type=', '&grant_type']) {
    t.equal((await post(app, '/login', form, goodForm + grant)).statusCode, 200, grant)
  }
  const missing = [
    goodForm,
    `${goodForm}&grant_type=`,
    'grant_type=password&username=thirdy',
    'grant_type=password&password=x',
  ]
  const empty = [
    'grant_type=password&username=&password=x',
    'grant_type=refresh_token',
    'grant_type=refresh_token&refresh_token=',
  ]
  for (const body of [...missing, ...empty])
    isOAuthError(t, await post(app, '/token', form, body), 'invalid_request', notValid, body)
  for (const body of ['username=thirdy', 'password=x', 'username=thirdy&password=', '&', '=', '&&==']) {
    isOAuthError(t, await post(app, '/login', form, body), 'invalid_request', notValid, body)
  }
})

t.test('a form is answered with the errors of RFC 6749 section 5.2', async t => {
  for (const grant of ['client_credentials', 'PASSWORD', 'authorization_code', '__proto__', 'x']) {
    const body = `grant_type=${grant}&${goodForm}`
    isOAuthError(t, await post(app, '/login', form, body), 'unsupported_grant_type', unsupported, body)
    isOAuthError(t, await post(app, '/token', form, body), 'unsupported_grant_type', unsupported, body)
  }
  for (const body of ['username=thirdy&password=wrong', 'username=nobody&password=demo123']) {
    for (const url of ['/login', '/token']) {
      const answer = await post(app, url, form, `grant_type=password&${body}`)
      isOAuthError(t, answer, 'invalid_grant', 'Incorrect email or password', body)
      t.notOk('www-authenticate' in answer.headers)
    }
  }
  const { access_token: accessToken, refresh_token: refreshToken } = await logIn('maria')
  const refresh = (token: string) => post(app, '/token', form, `grant_type=refresh_token&refresh_token=${token}`)
  isOAuthError(t, await refresh('x'), 'invalid_grant', 'Invalid token', 'garbage')
  isOAuthError(t, await refresh(accessToken), 'invalid_grant', 'Refresh token required', 'an access token')
  t.equal((await refresh(refreshToken)).statusCode, 200)
  await app.inject({ method: 'POST', url: '/logout', body: { refresh_token: refreshToken } })
  isOAuthError(t, await refresh(refreshToken), 'invalid_grant', 'Token revoked', 'after a logout')
})

t.test('no field of a form is given twice, known or not; bytes are UTF-8 (RFC 6749 section 3.2)', async t => {
  const repeated = [
    'username=maria',
    'password=x',
    'grant_type=password',
    'x=1&x=2',
    'x=&x=',
    'x&x',
    'usern%61me=maria',
    '__proto__=1&__proto__=2',
  ]
  const undecodable = ['x=%ff', 'x=%', 'x=%zz', 'x=%C3', 'x=%ED%A0%80', '%ff=x', 'x=%u0041']
  for (const extra of [...repeated, ...undecodable]) {
    const body = `${passwordGrant}&${extra}`
    isOAuthError(t, await post(app, '/login', form, body), 'invalid_request', notValid, body)
    isOAuthError(t, await post(app, '/token', form, body), 'invalid_request', notValid, body)
  }
  const latin1 = Buffer.from(`${passwordGrant}&x=\xe9`, 'latin1')
  isOAuthError(t, await post(app, '/login', form, latin1), 'invalid_request', notValid, 'Latin-1')
})

t.test('other fields, the query and an Authorization header do not matter to a login by form', async t => {
  const ignored = [
    'scope=admin',
    'client_id=x&client_secret=y',
    'mode=cookie',
    'role=admin',
    '__proto__=x',
    'constructor=x',
    'toString=x',
  ]
  for (const extra of ignored) {
    const answer = await post(app, '/login', form, `${passwordGrant}&${extra}`)
    t.equal(answer.statusCode, 200, extra)
    t.ok(answer.json().access_token)
  }
  for (const authorization of ['Basic Y2xpZW50OnNlY3JldA==', 'Bearer x', '\u00ff']) {
    const headers = { 'content-type': form, authorization }
    for (const url of ['/login', '/token']) {
      t.equal((await app.inject({ method: 'POST', url, headers, body: passwordGrant })).statusCode, 200, authorization)
    }
  }
  isOAuthError(t, await post(app, `/token?${passwordGrant}`, form, 'x=1'), 'invalid_request', notValid, 'a query')
  const encoded = await post(app, '/login', form, 'username=%74hirdy&password=demo%31%323')
  t.equal(encoded.statusCode, 200)
})

t.test('who asks for a scope at /token is told the one it got, which is the role (RFC 6749 section 3.3)', async t => {
  for (const [username, role] of [
    ['thirdy', 'admin'],
    ['maria', 'user'],
  ] as const) {
    const grant = `grant_type=password&username=${username}&password=demo123`
    for (const scope of ['admin', 'user', 'openid profile', 'x']) {
      const { scope: granted, refresh_token: token } = (
        await post(app, '/token', form, `${grant}&scope=${scope}`)
      ).json()
      t.equal(granted, role, scope)
      const refresh = `grant_type=refresh_token&refresh_token=${token}`
      t.equal((await post(app, '/token', form, `${refresh}&scope=${scope}`)).json().scope, role)
      t.notOk('scope' in (await post(app, '/token', form, refresh)).json())
    }
    t.notOk('scope' in (await post(app, '/token', form, `${grant}&scope=`)).json(), 'an empty one was left out')
    t.notOk('scope' in (await post(app, '/login', form, `${grant}&scope=x`)).json(), 'which /login ignores')
  }
})

t.test('/revoke answers an empty JSON object, whatever the token (RFC 7009)', async t => {
  for (const token of [(await logIn('maria')).refresh_token, 'garbage']) {
    const answer = await post(app, '/revoke', form, `token=${token}`)
    t.equal(answer.statusCode, 200)
    t.match(answer.headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    t.equal(answer.body, '{}')
  }
})

t.test('PASSWORD_FORM=off refuses the password grant and leaves JSON logins and refreshes', async t => {
  const { app: formless, logIn } = await testApp(t, { passwordForm: false })
  isOAuthError(t, await post(formless, '/login', form, goodForm), 'unsupported_grant_type', unsupported, '/login')
  isOAuthError(t, await post(formless, '/token', form, passwordGrant), 'unsupported_grant_type', unsupported, '/token')
  const { refresh_token: token } = await logIn()
  const refreshed = await post(formless, '/token', form, `grant_type=refresh_token&refresh_token=${token}`)
  t.equal(refreshed.statusCode, 200)
})
