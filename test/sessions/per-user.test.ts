/** A user has at most `SESSIONS_PER_USER` sessions, and sees them page by page. */
import t from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'

t.test('a login beyond the limit ends the session unused longest, its access tokens at once', async t => {
  const { app, clock, logIn, refresh, me, log } = await testApp(t, { sessionsPerUser: 3 })
  const sessions = []
  for (let i = 0; i < 3; i++) {
    sessions.push(await logIn('maria'))
    clock.advance(60)
  }
  const [first, second, third] = sessions as [(typeof sessions)[0], (typeof sessions)[0], (typeof sessions)[0]]
  const used = (await refresh(first.refresh_token)).json()
  await app.revocations.poll()

  const fourth = await logIn('maria')

  t.match((await me(second.access_token)).json(), { code: 'token_revoked' })
  t.match((await refresh(second.refresh_token)).json(), { code: 'token_revoked' })
  for (const one of [used, third, fourth]) t.equal((await me(one.access_token)).statusCode, 200)
  const lines = log.map(line => JSON.parse(line)).filter(({ audit }) => audit?.event === 'session.displaced')
  t.match(lines, [{ audit: { sub: 'user-2', ip: '127.0.0.1' } }])
  const { access_token: others } = await logIn('thirdy')
  t.equal((await me(others)).statusCode, 200)
})

t.test('logins at once leave no more than the limit, whichever way they came in', async t => {
  const { app } = await testApp(t, { sessionsPerUser: 2 })
  const json = { username: 'maria', password: 'demo123' }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      i % 2
        ? app.inject({ method: 'POST', url: '/login', body: json })
        : app.inject({
            method: 'POST',
            url: '/token',
            headers: form,
            body: 'grant_type=password&username=maria&password=demo123',
          }),
    ),
  )
  t.equal((await app.stores.sessions.list('user-2')).length, 2)
})

t.test('the list comes page by page, newest first', async t => {
  const { app, clock, logIn } = await testApp(t)
  for (let i = 0; i < 4; i++) {
    await logIn('maria')
    clock.advance(1)
  }
  const authorization = `Bearer ${(await logIn('maria')).access_token}`
  const ask = (query: string) => app.inject({ url: `/sessions${query}`, headers: { authorization } })
  const all = (await ask('')).json()
  t.equal(all.sessions.length, 5)
  t.equal(all.next, null)
  t.strictSame(
    all.sessions.map(({ current }: { current: boolean }) => current),
    [true, false, false, false, false],
  )
  const seen = []
  for (let query = '?limit=2'; seen.length < all.sessions.length; ) {
    const { sessions, next } = (await ask(query)).json()
    seen.push(...sessions)
    t.equal(sessions.length, next === null ? 1 : 2)
    if (next === null) break
    query = `?limit=2&after=${encodeURIComponent(next)}`
  }
  t.strictSame(seen, all.sessions)
  for (const bad of [
    'limit=0',
    'limit=101',
    'limit=2&limit=2',
    'after=x',
    'after=',
    'after=1.',
    'after=1.x.y',
    'unknown=1',
  ])
    isProblem(t, await ask(`?${bad}`), 400, 'invalid_request', bad)
})
