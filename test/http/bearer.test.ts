/** Bearer tokens in requests (RFC 6750): where one is read, what counts as one, and what a refusal says. */
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { exchange, lastRequest, request } from '../helpers/raw.ts'

const { app, log, logIn } = await testApp(t)
const { access_token: token, refresh_token: refreshToken } = await logIn()

const get = (authorization?: string, url = '/me') =>
  app.inject({ url, headers: authorization === undefined ? {} : { authorization } })

t.test('the scheme is read in any case, and one or more spaces separate it from the token', async t => {
  for (const prefix of ['Bearer ', 'bearer ', 'BEARER ', 'bEaReR ', 'Bearer    ']) {
    t.equal((await get(prefix + token)).statusCode, 200, prefix)
  }
})

t.test('without a token a request is told to bring one, and no error is named (RFC 6750 section 3.1)', async t => {
  const nothing = [undefined, '', ' ', 'Bearer', 'Bearer ', 'Bearer    ', 'Basic dXNlcjpwYXNz', token, `Token ${token}`]
  const notTheScheme = [`Bearer\t${token}`, `Bearer${token}`, `Bearer=${token}`, ` Bearer ${token}`, `Bearer,${token}`]
  for (const authorization of [...nothing, ...notTheScheme]) {
    const { statusCode, headers, body } = await get(authorization)
    t.equal(statusCode, 401, authorization ?? 'no header')
    t.equal(headers['www-authenticate'], 'Bearer realm="signet"')
    t.strictSame(JSON.parse(body), {
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'Missing Bearer token',
      code: 'missing_token',
    })
  }
})

t.test('whatever else stands behind the scheme is an invalid token, and none of it comes back', async t => {
  const around = [
    `Bearer ${token}`,
    `${token} ${token}`,
    `${token}, Bearer ${token}`,
    `"${token}"`,
    `${token},`,
    `<${token}>`,
  ]
  const whiteSpace = [`\t${token}`, ` \t${token}`, `\u00a0${token}`, `${token}\t`, `${token} x`, `${token}\u00a0`]
  const injections = [
    '"quoted"',
    'a"b',
    'a\\b',
    'a\r\nSet-Cookie: a=b',
    'a\nb',
    'caf\u00e9',
    '\u2028',
    '\u{1f600}',
    'a\0b',
    '%00',
  ]
  for (const given of [...around, ...whiteSpace, ...injections]) {
    const { statusCode, headers, body } = await get(`Bearer ${given}`)
    t.equal(statusCode, 401, JSON.stringify(given.replace(token, 'TOKEN')).replace('\u2028', 'U+2028'))
    t.equal(headers['www-authenticate'], 'Bearer error="invalid_token", error_description="Invalid token"')
    t.notOk(JSON.stringify([headers, body]).includes(JSON.stringify(given).slice(1, -1)))
  }
})

t.test('the challenge tells apart what a client can act on', async t => {
  const { app, clock, logIn, me } = await testApp(t)
  const ended = await logIn()
  await app.inject({ method: 'POST', url: '/logout', headers: { authorization: `Bearer ${ended.access_token}` } })
  const expiring = await logIn()

  const answers = [await me(ended.access_token), await me(ended.refresh_token)]
  clock.advance(900)
  answers.push(await me(expiring.access_token))

  const challenges = answers.map(({ headers }) => headers['www-authenticate'])
  const texts = ['Token revoked', 'Access token required', 'Token expired']
  t.strictSame(
    challenges,
    texts.map(text => `Bearer error="invalid_token", error_description="${text}"`),
  )
})

t.test('a token in a query or in a body of a form is not read and not logged', async t => {
  log.length = 0
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const query = `?access_token=${token}&token=${token}&refresh_token=${refreshToken}`
  const answers = [
    await get(undefined, `/me${query}`),
    await get(undefined, `/sessions${query}`),
    await app.inject({ method: 'POST', url: `/logout${query}` }),
    await app.inject({ method: 'POST', url: `/logout/all${query}`, headers: form, body: `access_token=${token}` }),
  ]
  for (const { statusCode, headers, body } of answers) {
    t.equal(statusCode, 401)
    t.equal(headers['www-authenticate'], 'Bearer realm="signet"')
    t.equal(JSON.parse(body).detail, 'Missing Bearer token')
  }
  t.equal((await get(undefined, `/nowhere${query}`)).statusCode, 404)
  t.ok(log.length >= 5)
  for (const secret of [token, refreshToken]) t.notOk(log.join('').includes(secret))
})

t.test('a token problem is a 401 even where the client announces a form', async t => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Bearer x' }
  for (const [method, url] of [
    ['GET', '/me'],
    ['POST', '/logout'],
    ['POST', '/logout/all'],
  ] as const) {
    const answer = await app.inject({ method, url, headers })
    t.equal(answer.statusCode, 401, url)
    t.equal(answer.json().detail, 'Invalid token')
  }
})

t.test('of two Authorization headers the first counts, at every endpoint alike', async t => {
  const { app, logIn } = await testApp(t)
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const [good, bad] = [`Authorization: Bearer ${(await logIn()).access_token}`, 'Authorization: Bearer x']
  for (const url of ['/me', '/sessions']) {
    for (const [headers, status] of [
      [[good, bad], 200],
      [[bad, good], 401],
      [['Authorization:', good], 401],
    ] as const) {
      const responses = await exchange(Number(new URL(address).port), request(`GET ${url}`, headers) + lastRequest)
      t.strictSame(
        responses.map(response => response.status),
        [status, 200],
      )
    }
  }
})
