import t from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { accessName, logInByCookie, ours, refreshName, send, setCookies } from '../helpers/cookies.ts'
import { exchange, lastRequest, request } from '../helpers/raw.ts'

t.test('a token in the body beside a cookie is 400, and neither is used', async t => {
  const { app, clock, logIn } = await testApp(t)
  const { cookie, refresh } = await logInByCookie(app)
  const { refresh_token: other } = await logIn()
  clock.advance(60)
  for (const token of [other, refresh]) {
    for (const url of ['/refresh', '/logout']) {
      const answer = await send(app, 'POST', url, { ...ours, cookie }, { refresh_token: token })
      isProblem(t, answer, 400, 'invalid_request', url)
      t.equal(answer.json().errors[0].pointer, '/refresh_token')
      t.strictSame(setCookies(answer), [])
    }
  }
  for (const userId of ['user-1', 'user-2']) {
    t.match(await app.stores.sessions.list(userId), [{ generation: 0, revokedAt: null }])
  }
  const nothing = await send(app, 'POST', '/refresh', { ...ours, cookie: `${accessName}=x` })
  isProblem(t, nothing, 400, 'invalid_request', 'neither')
})

t.test('with a bearer in the Authorization header cookies are not read, whatever either of them holds', async t => {
  const { app, logIn } = await testApp(t)
  const { cookie } = await logInByCookie(app)
  const bearer = `Bearer ${(await logIn('thirdy')).access_token}`
  const doubled = `${cookie}; ${cookie}`

  for (const value of [cookie, doubled, `${accessName}=x`]) {
    const answer = await send(app, 'GET', '/me', { cookie: value, authorization: bearer })
    t.equal(answer.json().user_id, 'user-1', 'the bearer is who asks')
  }
  for (const [authorization, code] of [
    ['Bearer', 'missing_token'],
    ['bearer ', 'missing_token'],
    ['Bearer\tx', 'missing_token'],
    ['Bearer x', 'invalid_token'],
  ] as const) {
    const headers = { ...ours, cookie, authorization }
    isProblem(t, await send(app, 'GET', '/me', headers), 401, code, `/me ${authorization}`)
    isProblem(t, await send(app, 'POST', '/logout', headers), 401, code, `/logout ${authorization}`)
    isProblem(t, await send(app, 'POST', '/logout/all', headers), 401, code, `/logout/all ${authorization}`)
    isProblem(t, await send(app, 'POST', '/refresh', headers), 400, 'invalid_request', `/refresh ${authorization}`)
  }
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const logout = await send(app, 'POST', '/logout', { ...foreign, cookie, authorization: bearer })
  t.equal(logout.statusCode, 204, 'a bearer is under no cross-site rule')
  t.strictSame(setCookies(logout), [], 'and the cookies of the other session stay')
  t.equal((await send(app, 'GET', '/me', { cookie })).statusCode, 200)
})

t.test('another scheme, as of a password in front of us, hides no cookie', async t => {
  for (const authorization of ['Basic dXNlcjpwYXNz', 'Digest username="x"', 'BearerX y', 'x', '']) {
    const { app } = await testApp(t)
    const { cookie, access, refresh } = await logInByCookie(app, 'thirdy')
    const status = async (method: 'GET' | 'POST' | 'DELETE', url: string, sent = cookie) =>
      (await send(app, method, url, { ...ours, cookie: sent, authorization })).statusCode
    for (const url of ['/me', '/sessions', '/verify', '/verify?role=admin', '/users']) {
      t.equal(await status('GET', url), 200, `${url} ${authorization}`)
    }
    const foreign = { origin: 'https://evil.example', cookie, authorization }
    t.equal((await send(app, 'POST', '/verify', foreign)).statusCode, 403, 'but its rules hold')
    t.equal((await send(app, 'POST', '/logout', foreign)).statusCode, 403)
    t.equal(await status('POST', '/refresh', `${refreshName}=${refresh}`), 200)
    const all = await send(app, 'POST', '/logout/all', { ...ours, cookie: `${accessName}=${access}`, authorization })
    t.equal(all.statusCode, 200)
    t.equal(setCookies(all).length, 2, 'and they are taken away')
    t.equal(await status('POST', '/logout'), 204)
  }
})

t.test('one of our cookies sent twice is 401, in one header or in two, and nothing happens', async t => {
  const { app, clock } = await testApp(t)
  const { cookie, access, refresh } = await logInByCookie(app)
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  clock.advance(60)
  const one = (name: string, token: string) => `${name}=${token}`
  const accesses = [one(accessName, access), one(accessName, 'planted')]
  const refreshes = [one(refreshName, refresh), one(refreshName, refresh)]

  for (const [line, twice] of [
    ['GET /me', accesses],
    ['GET /me', accesses.toReversed()],
    ['GET /sessions', accesses],
    ['POST /refresh', refreshes],
    ['POST /logout', refreshes],
    ['POST /logout/all', accesses],
  ] as const) {
    const fixed = ['Sec-Fetch-Site: same-origin', 'Content-Length: 0']
    for (const cookies of [[`Cookie: ${twice.join('; ')}`], twice.map(each => `Cookie: ${each}`)]) {
      const [answer] = await exchange(port, request(line, [...fixed, ...cookies]) + lastRequest)
      t.equal(answer?.status, 401, `${line} ${cookies.length}`)
      t.match(JSON.parse(answer?.body ?? ''), { detail: 'Invalid token', code: 'invalid_token' })
      t.notOk(answer?.headers['set-cookie'])
    }
  }
  t.match(await app.stores.sessions.list('user-2'), [{ generation: 0, revokedAt: null }])
  const others = await send(app, 'GET', '/me', { cookie: `x=1; ${cookie}; x=2` })
  t.equal(others.statusCode, 200, "other people's cookies may repeat")
})
