/** Cookie mode: cookies go when the session has ended, and not before. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { accessName, expired, logInByCookie, ours, refreshName, send, setCookies } from '../helpers/cookies.ts'
import { temporaryFolder } from '../helpers/process.ts'

t.test('logout by either cookie, even an expired one, ends the session and expires both cookies', async t => {
  const { app, clock } = await testApp(t)
  for (const kind of ['both', 'access', 'refresh'] as const) {
    const { cookie, access, refresh } = await logInByCookie(app)
    clock.advance(3600)
    await app.revocations.poll()
    const sent = { both: cookie, access: `${accessName}=${access}`, refresh: `${refreshName}=${refresh}` }[kind]
    for (const call of ['first', 'second']) {
      const answer = await send(app, 'POST', '/logout', { ...ours, cookie: sent })
      t.equal(answer.statusCode, 204, `${kind}, ${call} call`)
      t.strictSame(setCookies(answer), expired)
      t.notOk('clear-site-data' in answer.headers, "other applications' cookies stay")
    }
    t.strictSame(await app.stores.sessions.list('user-2'), [])
  }

  const { cookie } = await logInByCookie(app)
  const everywhere = await send(app, 'POST', '/logout/all', { ...ours, cookie })
  t.strictSame(everywhere.json(), { sessions_ended: 1 })
  t.strictSame(setCookies(everywhere), expired)

  const strange = await send(app, 'POST', '/logout', { ...ours, cookie: `${refreshName}=of.another.secret` })
  isProblem(t, strange, 401, 'invalid_token', 'a cookie that is no token of ours')
  t.strictSame(setCookies(strange), expired, 'goes too: no script could remove it')
})

t.test('a logout by cookies of two sessions ends the one that could go on, and both cookies go', async t => {
  const { app } = await testApp(t)
  const [before, after] = [await logInByCookie(app), await logInByCookie(app)]
  const cookie = `${accessName}=${before.access}; ${refreshName}=${after.refresh}`
  const answer = await send(app, 'POST', '/logout', { ...ours, cookie })
  t.equal(answer.statusCode, 204)
  t.strictSame(setCookies(answer), expired)
  const refreshed = await send(app, 'POST', '/refresh', { ...ours, cookie: after.cookie })
  isProblem(t, refreshed, 401, 'token_revoked')
})

t.test('a logout that could not end the session keeps the cookies, so that it can be repeated', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app } = await testApp(t, { sqlitePath })
  const { cookie } = await logInByCookie(app)
  const other = new DatabaseSync(sqlitePath)
  other.exec('BEGIN IMMEDIATE')
  const answer = await send(app, 'POST', '/logout', { ...ours, cookie })
  isProblem(t, answer, 503, 'unavailable', 'somebody else holds the database')
  t.strictSame(setCookies(answer), [])

  other.exec('ROLLBACK')
  other.close()
  t.equal((await send(app, 'POST', '/logout', { ...ours, cookie })).statusCode, 204)
})

t.test('a logout everywhere by a bearer token takes no cookies, which are of another session', async t => {
  const { app, logIn } = await testApp(t)
  const authorization = `Bearer ${(await logIn('maria')).access_token}`
  const answer = await app.inject({ method: 'POST', url: '/logout/all', headers: { authorization } })
  t.equal(answer.statusCode, 200)
  t.notOk(answer.headers['set-cookie'])
})
