/** What an authentic signature is not enough for (RFC 7519, RFC 9068): claims, types and times. */
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { testApp, testConfig } from '../helpers/app.ts'
import { type Content, encodePart, forge, refreshKeyOf } from '../helpers/forge.ts'
import { byValue, createForger, withRaw } from '../helpers/forger.ts'
import { claimsOf, headerOf } from '../helpers/tokens.ts'

const service = await testApp(t)
const { app, clock, me } = service
const { secret, issued, header, claims, forgeAccess, isRefused, areRefused } = await createForger(service)
const refreshHeader = headerOf(issued.refresh_token)
const refreshClaims = claimsOf(issued.refresh_token)

t.test(
  'the scope is the role; a token of the version before, which has none, is as good, and so is one of the next',
  async t => {
    t.equal(claims['role'], 'user')
    t.equal(claims['scope'], 'user')
    t.equal(claimsOf((await service.logIn('thirdy')).access_token)['scope'], 'admin')
    t.equal((await me(forgeAccess({ scope: undefined }))).statusCode, 200)
    t.equal((await me(forgeAccess({ of_tomorrow: ['x'] }))).statusCode, 200, 'with a claim of its own')
  },
)

t.test('when and by what the user was proved is in the token, and a refresh changes neither', async t => {
  const authTime = clock()
  const tokens = await service.logIn('maria')
  t.match(claimsOf(tokens.access_token), { auth_time: authTime, amr: ['pwd'], iat: authTime })
  clock.advance(60)
  const refreshed = (await service.refresh(tokens.refresh_token)).json()
  t.match(claimsOf(refreshed.access_token), { auth_time: authTime, amr: ['pwd'], iat: clock() })
  t.equal((await me(forgeAccess({ auth_time: undefined, amr: undefined }))).statusCode, 200, 'of the version before')
})

t.test('a claim of another type or out of range is refused, never believed and never an error', async t => {
  const now = clock()
  const notIntegers = [
    '1e400',
    '-1e400',
    '-1e18',
    '-1',
    '1.5',
    `${now}.5`,
    `${now + 60}.0`,
    '1e3',
    '-0',
    '9007199254740993',
    '0x10',
  ]
  const otherTypes = ['"x"', `"${now + 60}"`, 'true', 'null', '[]', '{}', '[1]', 'NaN', '']
  for (const claim of ['exp', 'iat', 'nbf', 'auth_time']) {
    const texts = [...notIntegers, ...otherTypes]
    await areRefused(
      t,
      byValue(texts, text => forge(header, withRaw(claims, claim, text), secret)),
    )
  }
  const wrongTexts = [null, 5, '', [], {}, ['user-1'], 'a\0b', 'a b', 'a\nb', '\u2028', 'x'.repeat(129)]
  for (const claim of ['sub', 'jti', 'sid', 'role', 'username']) {
    await areRefused(
      t,
      byValue(wrongTexts, value => forgeAccess({ [claim]: value })),
    )
  }
  await areRefused(
    t,
    byValue([5, [], {}, undefined, ['m@example.com']], email => forgeAccess({ email })),
  )
  await areRefused(
    t,
    byValue(
      Object.keys(claims).filter(claim => !['scope', 'auth_time', 'amr', 'email_verified'].includes(claim)),
      claim => forgeAccess({ [claim]: undefined }),
    ),
  )
  await areRefused(
    t,
    byValue([5, [], {}, null, ['user']], scope => forgeAccess({ scope })),
  )
  await areRefused(
    t,
    byValue([5, {}, null, 'pwd', [5], [''], ['a b'], ['x'.repeat(65)]], amr => forgeAccess({ amr })),
  )
  await areRefused(
    t,
    byValue([null, [], 'x', 5, true, ''], whole => forge(header, JSON.stringify(whole), secret)),
  )
  await areRefused(
    t,
    byValue([null, [], 'x', 5, true, ''], whole => forge(JSON.stringify(whole), claims, secret)),
  )
  await isRefused(t, 'deep nesting', forge(header, '['.repeat(2900), secret))
})

t.test('a token for another issuer, audience or client, or of another type, is not ours', async t => {
  const { iss, aud } = claims as { iss: string; aud: string }
  const others = (own: string) => [
    `${own}/`,
    own.toUpperCase(),
    ` ${own}`,
    '',
    'http://evil.example',
    null,
    5,
    {},
    undefined,
  ]
  await areRefused(
    t,
    byValue([...others(iss), [iss], ['http://evil.example', iss]], value => forgeAccess({ iss: value })),
  )
  await areRefused(
    t,
    byValue([...others(aud), [], ['x'], [[aud]], [aud, 5], [null, aud]], value => forgeAccess({ aud: value })),
  )
  await areRefused(
    t,
    byValue(['', 'Signet', 'other', null, ['signet']], value => forgeAccess({ client_id: value })),
  )
  await areRefused(
    t,
    byValue(['refresh', 'ACCESS', '', null, ['access']], value => forgeAccess({ token_type: value })),
  )
  const types = ['JWT', 'dpop+jwt', 'logout+jwt', 'at+jwt ', 'application/application/at+jwt', '', 'rt+jwt', 'x/at+jwt']
  await areRefused(
    t,
    byValue([...types, undefined, null, 5, ['at+jwt'], {}], typ => forgeAccess({}, { typ })),
  )
  for (const value of [[aud], ['x', aud]])
    t.equal((await me(forgeAccess({ aud: value }))).statusCode, 200, 'for us too')
})

t.test('an access token and a refresh token never stand in for each other', async t => {
  const confused = await me(issued.refresh_token)
  t.equal(confused.statusCode, 401)
  t.equal(confused.json().detail, 'Access token required')
  const other = await app.inject({ method: 'POST', url: '/refresh', body: { refresh_token: issued.access_token } })
  t.equal(other.statusCode, 401)
  t.equal(other.json().detail, 'Refresh token required')

  const refreshKey = refreshKeyOf(app)
  await areRefused(t, {
    'refresh claims signed with the secret': forge(refreshHeader, refreshClaims, secret),
    'refresh claims as an access token': forge(header, refreshClaims, secret),
    'access claims signed with the refresh key': forge(header, claims, refreshKey),
    'access claims as a refresh token': forge(refreshHeader, claims, refreshKey),
    'a refresh token relabelled': `${encodePart(header)}.${issued.refresh_token.split('.').slice(1).join('.')}`,
    'an access token relabelled': `${encodePart(refreshHeader)}.${issued.access_token.split('.').slice(1).join('.')}`,
  })
})

t.test('even the refresh key makes no claim that causes an error', async t => {
  const refreshKey = refreshKeyOf(app)
  const attempt = (content: Content) =>
    app.inject({ method: 'POST', url: '/refresh', body: { refresh_token: forge(refreshHeader, content, refreshKey) } })
  for (const claim of Object.keys(refreshClaims)) {
    for (const text of ['1e400', '-1e18', '-1', '1.5', '""', 'null', 'true', '[]', '{}', '"\\u0000"', '']) {
      const { statusCode, body } = await attempt(withRaw(refreshClaims, claim, text))
      t.equal(statusCode, 401, `${claim} = ${text}: ${body}`)
    }
  }
  const unknown = await attempt({ ...refreshClaims, sid: 'A'.repeat(22) })
  t.equal(unknown.json().detail, 'Token revoked')
  const ahead = await attempt({ ...refreshClaims, gen: Number.MAX_SAFE_INTEGER })
  t.equal(ahead.json().detail, 'Token revoked')
})

t.test('a token is issued at most 30 seconds ahead and lives no longer than configured', async t => {
  const now = clock()
  t.equal((await me(forgeAccess({ iat: now + 30, exp: now + 930 }))).statusCode, 200)
  t.equal((await me(forgeAccess({ iat: now, exp: now + 900, nbf: now }))).statusCode, 200)
  await areRefused(t, {
    'issued 31 s ahead': forgeAccess({ iat: now + 31, exp: now + 100 }),
    'not before 31 s': forgeAccess({ nbf: now + 31 }),
    'a second longer': forgeAccess({ iat: now, exp: now + 901 }),
    'for ever': forgeAccess({ exp: Number.MAX_SAFE_INTEGER }),
  })
})

t.test('expiry is exact, for a token seen before as for a new one', async t => {
  const { app, clock, logIn, me } = await testApp(t)
  const [seen, unseen] = [await logIn(), await logIn()]
  t.equal((await me(seen.access_token)).statusCode, 200)
  clock.advance(899)
  t.equal((await me(seen.access_token)).statusCode, 200, 'one second before')
  clock.advance(1)
  await app.revocations.poll()
  for (const { access_token: token } of [seen, unseen]) {
    const late = await me(token)
    t.equal(late.statusCode, 401)
    t.equal(late.json().detail, 'Token expired')
    t.equal(late.headers['www-authenticate'], 'Bearer error="invalid_token", error_description="Token expired"')
  }
})

t.test('no request can change what the next one with the same token is told', async t => {
  const app = await buildApp({ config: testConfig(), log: { write() {} }, background: false })
  t.teardown(() => app.close())
  app.get('/promote', { onRequest: [app.authenticate] }, async ({ claims }) => {
    return { frozen: Object.isFrozen(claims), changed: Reflect.set(claims, 'role', 'admin') }
  })
  const login = { method: 'POST', url: '/login', body: { username: 'maria', password: 'demo123' } } as const
  const authorization = `Bearer ${(await app.inject(login)).json().access_token}`
  for (let request = 0; request < 2; request++) {
    const attempt = await app.inject({ url: '/promote', headers: { authorization } })
    t.strictSame(attempt.json(), { frozen: true, changed: false })
    t.equal((await app.inject({ url: '/me', headers: { authorization } })).json().role, 'user')
  }
})
