/** Ended means ended: no act that ends sessions leaves an access token that works. */
import t, { type Test } from 'tap'
import { type TestApp, testApp } from '../helpers/app.ts'
import { forge } from '../helpers/forge.ts'
import { claimsOf, headerOf } from '../helpers/tokens.ts'

const sentence = 'a long sentence of mine'
const settings = { accessTokenSeconds: 900, refreshTokenSeconds: 1000, sessionMaxAgeSeconds: 5000 }

const as =
  (app: TestApp['app'], token: string) => (method: 'PUT' | 'PATCH' | 'POST' | 'DELETE', url: string, body?: object) =>
    app.inject({ method, url, headers: { authorization: `Bearer ${token}` }, ...(body && { body }) })

t.test('an access token given shortly before the idle end lives no longer than its session', async t => {
  const { app, clock, logIn, refresh, me } = await testApp(t, settings)
  const first = await logIn('maria')
  clock.advance(100)
  t.equal((await refresh(first.refresh_token)).headers['signet-refresh'], 'rotated')
  const { exp: idleEnd } = claimsOf((await refresh(first.refresh_token)).json().refresh_token)
  clock.advance(900)

  const retried = await refresh(first.refresh_token)

  t.equal(retried.headers['signet-refresh'], 'retried')
  const { access_token: token, expires_in: seconds } = retried.json()
  t.equal(claimsOf(token)['exp'], idleEnd)
  t.equal(seconds, 100)
  t.equal((await refresh(first.refresh_token)).headers['signet-refresh'], 'repeated')
  clock.advance(99)
  await app.revocations.poll()
  t.equal((await me(token)).statusCode, 200)
  clock.advance(1)
  t.match((await me(token)).json(), { code: 'token_expired' })
})

/** A session whose idle end has passed, with an access token that outlives it, as versions before this one gave them. */
async function withOutlivingToken(t: Test) {
  const service = await testApp(t, settings)
  const { app, clock, logIn, me } = service
  const idle = await logIn('maria')
  clock.advance(1001)
  await app.revocations.poll()
  const claims: Record<string, unknown> = { ...claimsOf(idle.access_token), iat: clock() - 100, exp: clock() + 800 }
  const outliving = forge(headerOf(idle.access_token), claims, app.config.secrets[0])
  t.equal((await me(outliving)).statusCode, 200)
  const admin = as(app, (await logIn()).access_token)
  const maria = await logIn('maria')
  return { ...service, sid: String(claims['sid']), outliving, admin, hers: as(app, maria.access_token) }
}

/** How many sessions an act says it has ended. */
function toldOf(log: readonly string[]): number | undefined {
  return log.map(line => JSON.parse(line).audit?.sessionsEnded).findLast(count => count !== undefined)
}

type Prepared = Awaited<ReturnType<typeof withOutlivingToken>>

for (const [what, act, live, answer] of [
  ['disabling the user', ({ admin }) => admin('PATCH', '/users/user-2', { disabled: true }), 1],
  ['deleting the user', ({ admin }) => admin('DELETE', '/users/user-2'), 1],
  ['a new role', ({ admin }) => admin('PATCH', '/users/user-2', { role: 'editor' }), 1],
  ['a password set by an administrator', ({ admin }) => admin('PATCH', '/users/user-2', { password: sentence }), 1],
  ['a logout by an administrator', ({ admin }) => admin('POST', '/users/user-2/logout'), 1, { sessions_ended: 1 }],
  ['a logout everywhere', ({ hers }) => hers('POST', '/logout/all'), 1, { sessions_ended: 1 }],
  [
    "a change of one's password",
    ({ hers }) => hers('PUT', '/me/password', { current_password: 'demo123', new_password: sentence }),
    0,
  ],
  ['deleting the own account', ({ hers }) => hers('DELETE', '/me/account'), 1],
  ['ending it in the list', ({ hers, sid }) => hers('DELETE', `/sessions/${sid}`)],
  ['its own logout', ({ app, outliving }) => as(app, outliving)('POST', '/logout')],
  [
    'its own logout everywhere',
    ({ app, outliving }) => as(app, outliving)('POST', '/logout/all'),
    1,
    { sessions_ended: 1 },
  ],
  ['the command line', async ({ app, sid }) => void (await app.sessions.endAny(sid, 'command line'))],
] as [
  string,
  (prepared: Prepared) => Promise<{ statusCode: number; json(): unknown } | undefined>,
  number?,
  object?,
][]) {
  t.test(`${what} ends an access token that outlived the idle end of its session`, async t => {
    const prepared = await withOutlivingToken(t)
    const answered = await act(prepared)
    t.ok((answered?.statusCode ?? 200) < 300)
    t.equal(toldOf(prepared.log), live, 'what had expired is not counted in the log')
    if (answer) t.strictSame(answered?.json(), answer, 'nor in the answer')
    t.match((await prepared.me(prepared.outliving)).json(), { code: 'token_revoked' })
    await prepared.app.revocations.poll()
    t.match((await prepared.me(prepared.outliving)).json(), { code: 'token_revoked' }, 'and so say other instances')
  })
}

t.test('a revoked token stays revoked when the clock was an hour ahead for a few seconds', async t => {
  const { app, clock, logIn, me } = await testApp(t, { ...settings, refreshTokenSeconds: 5000 })
  const { access_token: token } = await logIn('maria')
  await as(app, token)('POST', '/logout')
  const turn = async (seconds: number) => {
    clock.advance(seconds)
    await app.revocations.poll()
  }
  for (const seconds of [100, 3600, 1, 1, -3600, 1]) await turn(seconds)
  t.match((await me(token)).json(), { code: 'token_revoked' })
})
