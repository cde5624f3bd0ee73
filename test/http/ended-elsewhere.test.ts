/** A session ended by another instance, before this one has heard of it: nothing is changed and no secret told any more. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { type Overrides, testApp } from '../helpers/app.ts'
import { bearer, memoryMail } from '../helpers/mail.ts'
import { emptyDatabase, serverOf } from '../helpers/postgres.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

const engines: Record<string, (t: Test) => Promise<Overrides>> = {
  SQLite: async t => ({ sqlitePath: join(await temporaryFolder(t), 'signet.db') }),
  PostgreSQL: async t => ({ database: { ...serverOf(await emptyDatabase(t)) } }),
}

const password = { current_password: 'demo123', new_password: 'a long new password' }
const passkey = { id: 'x', rawId: 'x', type: 'public-key', clientExtensionResults: {} }
const attestation = { ...passkey, response: { clientDataJSON: 'x', attestationObject: 'x' } }

/** A good body for each act; null for none. An act that is not here fails the test. */
const acts: Record<string, object | null> = {
  'put /me/password': password,
  'patch /me/account': { username: 'thirdy2' },
  'delete /me/account': null,
  'post /me/confirm': { current_password: 'demo123' },
  'post /me/confirm/options': null,
  'post /me/totp': null,
  'post /me/totp/confirm': { code: '123456' },
  'delete /me/totp': null,
  'post /me/recovery-codes': null,
  'post /me/passkeys/options': null,
  'post /me/passkeys': { name: 'mine', response: attestation },
  'delete /me/passkeys/{id}': null,
  'post /email/verify': { token: `${'a'.repeat(22)}.${'a'.repeat(43)}` },
  'post /logout/all': null,
  'delete /sessions/{id}': null,
  'post /users': { username: 'eve', password: 'a long new password' },
  'patch /users/{id}': { role: 'admin' },
  'delete /users/{id}': null,
  'post /users/{id}/logout': null,
  'post /users/{id}/password-reset': null,
  'delete /users/{id}/factors': null,
}
/** Any authentic token will do at the one, and none of a user's at the other. */
const exceptions = ['post /logout', 'post /introspect']

t.test('each act that a token of a user opens is in the list', async t => {
  const { app } = await testApp(t, { mail: memoryMail, docs: true })
  const { paths } = (await app.inject('/openapi.json')).json()
  const found = Object.entries(paths as Record<string, Record<string, { security?: object[] }>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods)
        .filter(([method, { security }]) => method !== 'get' && security)
        .map(([method]) => `${method} ${path}`),
  )
  t.strictSame(found.filter(act => !exceptions.includes(act)).toSorted(), Object.keys(acts).toSorted())
})

for (const [engine, place] of Object.entries(engines)) {
  t.test(engine, async t => {
    const settings = {
      ...(await place(t)),
      secrets: [newSecret()] as [string],
      secondFactor: 'optional',
      mail: memoryMail,
    } as const
    const there = await testApp(t, settings)
    const here = await testApp(t, settings, there.clock)
    const before = await there.app.stores.users.list({ limit: 10 })
    const tokens = new Map<string, string>()
    for (const act of Object.keys(acts)) tokens.set(act, (await there.logIn()).access_token)
    await there.app.sessions.logOutAll('user-1', undefined)
    there.clock.advance(60) // PostgreSQL's own goes on, and a token may not be from the future
    for (const [act, body] of Object.entries(acts)) {
      const [method = '', path = ''] = act.split(' ')
      const token = tokens.get(act) ?? ''
      t.equal((await here.me(token)).statusCode, 200, 'this instance has not heard of it')
      const url = path.replace('{id}', 'user-2')
      const payload = body === null ? {} : { payload: body }
      const answer = await here.app.inject({ method: method as 'POST', url, headers: bearer(token), ...payload })
      isProblem(t, answer, 401, 'token_revoked', act)
    }
    const [token = ''] = tokens.values()
    t.equal((await here.app.inject({ method: 'POST', url: '/logout', headers: bearer(token) })).statusCode, 204)
    isProblem(t, await here.me(token), 401, 'token_revoked', 'a logout tells this instance')
    t.strictSame(await there.app.stores.users.list({ limit: 10 }), before, 'nothing has changed')
  })
}
