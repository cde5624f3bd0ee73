/** Verifying a token again costs a look-up, and everything that can change meanwhile is looked at all the same. */
import t, { type Test } from 'tap'
import { maximumTokenBytes } from '../../src/jws/compact-jws.ts'
import type { Jws } from '../../src/jws/jws.ts'
import { createJws } from '../../src/jws/jws.ts'
import type { KeyRing } from '../../src/keys/key-ring.ts'
import { deriveKey } from '../../src/keys/secret.ts'
import { createTokenVerifier } from '../../src/tokens/token-verifier.ts'
import { testApp } from '../helpers/app.ts'
import { movableClock } from '../helpers/clock.ts'
import { encodePart, forge, refreshKeyOf, signInput } from '../helpers/forge.ts'
import { claimsOf, headerOf, newSecret } from '../helpers/tokens.ts'

/** Known: presented so often that its signature is not checked again. */
const oftenEnough = 3

async function prepare(t: Test, accessTokenSeconds = 900) {
  const service = await testApp(t, { accessTokenSeconds })
  const { access_token: token } = await service.logIn('maria')
  for (let i = 0; i < oftenEnough; i++) t.equal((await service.me(token)).statusCode, 200)
  return { ...service, token }
}

t.test('a token that is known has expired in the very second that it names', async t => {
  const { clock, me, token, app } = await prepare(t, 300)
  clock.advance(299)
  await app.revocations.poll()
  t.equal((await me(token)).statusCode, 200)
  clock.advance(1)
  t.match((await me(token)).json(), { code: 'token_expired' })
})

t.test('a token that is known is refused once its session has ended, here or elsewhere', async t => {
  const { app, me, token } = await prepare(t)
  await app.stores.sessions.revoke(String(claimsOf(token)['sid']), 'logout')
  t.equal((await me(token)).statusCode, 200, 'not heard of yet')
  await app.revocations.poll()
  t.match((await me(token)).json(), { code: 'token_revoked' })
})

t.test('what a key verified is forgotten when it goes, or when another takes its place', async t => {
  const { token, app } = await prepare(t)
  const { kid } = headerOf(token) as { kid: string }
  const jws = await createJws({ kid, alg: 'HS256', typ: 'at+jwt', secret: app.config.secrets[0] })
  const successor = await createJws({ kid, alg: 'HS256', typ: 'at+jwt', secret: newSecret() })
  for (const [what, later] of [
    ['gone', undefined],
    ['another', successor],
  ] as const) {
    let [found, version]: [Jws | undefined, number] = [jws, 1]
    const keys = {
      find: () => found,
      get version() {
        return version
      },
    } as unknown as KeyRing
    const revocations = { has: () => false } as never
    const verifier = createTokenVerifier({ keys, revocations, clock: movableClock(), settings: app.config })
    for (let i = 0; i < oftenEnough; i++) t.ok(verifier.authenticate(token), what)
    ;[found, version] = [later, 2]
    t.throws(() => verifier.authenticate(token), { code: 'invalid_token' }, what)
    t.throws(() => verifier.readAuthentic(token), { code: 'invalid_token' }, what)
  }
})

t.test('of a refresh token it is told that it is none for here, also when its session has ended', async t => {
  const { app, logIn, me } = await testApp(t)
  const { access_token: token, refresh_token: refreshToken } = await logIn()
  await app.inject({ method: 'POST', url: '/logout', headers: { authorization: `Bearer ${token}` } })
  t.match((await me(token)).json(), { code: 'token_revoked' })
  t.match((await me(refreshToken)).json(), { code: 'access_token_required' })
})

t.test('what is no token of ours is none, and an error of ours is an error', async t => {
  const { token, app } = await prepare(t)
  const revocations = { has: () => false } as never
  const find = (): Jws => {
    throw new RangeError('broken')
  }
  const keys = { find, version: 1 } as unknown as KeyRing
  const verifier = createTokenVerifier({ keys, revocations, clock: movableClock(), settings: app.config })
  t.equal(verifier.findAuthentic('garbage'), undefined)
  t.throws(() => verifier.findAuthentic(token), { message: 'broken' })
})

t.test('of headers, which strangers can write in many ways, a few dozen are remembered', async t => {
  const { token, app } = await prepare(t)
  const { kid } = headerOf(token) as { kid: string }
  const jws = await createJws({ kid, alg: 'HS256', typ: 'at+jwt', secret: app.config.secrets[0] })
  let lookedUp = 0
  const find = () => {
    lookedUp++
    return jws
  }
  const keys = { find, version: 1 } as unknown as KeyRing
  const revocations = { has: () => false } as never
  const verifier = createTokenVerifier({ keys, revocations, clock: movableClock(), settings: app.config })
  /** Each in capitals of its own. */
  const typ = (n: number) => [...'application'].map((one, i) => (n & (1 << i) ? one.toUpperCase() : one)).join('')
  const present = (n: number) => {
    const header = encodePart({ alg: 'HS256', kid, typ: `${typ(n)}/at+jwt` })
    t.throws(() => verifier.readAuthentic(`${header}.e30.x`), { code: 'invalid_token' })
  }
  for (let n = 0; n < 500; n++) present(n)
  t.equal(lookedUp, 500)
  present(499)
  t.equal(lookedUp, 500, 'which is remembered')
  present(0)
  t.equal(lookedUp, 501, 'which is not any more')
})

t.test('a token of 4,096 bytes is read, and one of 4,097 is not', async t => {
  const { app, token, me } = await prepare(t)
  const spare = (more: number) => {
    const claims = { ...claimsOf(token), zzz: 'z'.repeat(more) }
    return forge(headerOf(token), claims, app.config.secrets[0])
  }
  const lengths = new Map(Array.from({ length: 3000 }, (_, i) => [spare(i).length, i] as const))
  const longest = spare(lengths.get(maximumTokenBytes) ?? 0)
  t.equal(longest.length, 4096)
  t.equal((await me(longest)).statusCode, 200)
  const longer = spare((lengths.get(maximumTokenBytes) ?? 0) + 1)
  t.ok(longer.length > 4096)
  t.equal((await me(longer)).statusCode, 401)
})

t.test('three parts are three, also when all of them were signed', async t => {
  const { app, token, me } = await prepare(t)
  const [header = '', payload = ''] = token.split('.')
  for (const input of [`${header}.${payload}.x`, `${header}.${payload}.`, `${header}.${payload}.${payload}`]) {
    t.match((await me(signInput(input, app.config.secrets[0]))).json(), { code: 'invalid_token' }, input.slice(-3))
  }
})

t.test(
  'a refresh token is signed with a key of its own: the secret that verifies access tokens makes none',
  async t => {
    const { app, logIn, refresh } = await testApp(t)
    const { refresh_token: token } = await logIn()
    const [header, claims] = [headerOf(token), claimsOf(token)]
    const made = (key: string) => refresh(forge(header, claims, key))
    t.match((await made(app.config.secrets[0])).json(), { code: 'invalid_token' })
    t.equal((await made(refreshKeyOf(app))).statusCode, 200, 'else it would be a right one')
  },
)

t.test('of several secrets the first one signs, and all of them verify', async t => {
  const [first, second] = [newSecret(), newSecret()]
  const { app, logIn, me } = await testApp(t, { secrets: [first, second] })
  const { access_token: token } = await logIn()
  const inputOf = (text: string) => text.slice(0, text.lastIndexOf('.'))
  t.equal(token, signInput(inputOf(token), first))
  const former = deriveKey(second, app.stores.salt, 'signet kid', 9).toString('base64url')
  t.equal((await me(forge({ ...headerOf(token), kid: former }, claimsOf(token), second))).statusCode, 200)
})

t.test('a token says what its user is called and where to write, and a session from which browser it came', async t => {
  const { app } = await testApp(t)
  await app.stores.users.update('user-2', { email: 'maria@example.com' })
  const login = await app.inject({
    method: 'POST',
    url: '/login',
    headers: { 'user-agent': 'b'.repeat(1000) },
    body: { username: 'maria', password: 'demo123' },
  })
  const { access_token: token } = login.json()
  t.match(claimsOf(token), { sub: 'user-2', username: 'maria', email: 'maria@example.com', role: 'user' })
  const session = await app.stores.sessions.find(String(claimsOf(token)['sid']))
  t.equal(session?.session.userAgent, 'b'.repeat(256), 'of a long one its beginning')
})
