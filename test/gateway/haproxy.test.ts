/** HAProxy with deploy/haproxy, verifying access tokens by itself with the published public keys. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportSPKI, generateKeyPair, SignJWT } from 'jose'
import t from 'tap'
import { claimsOf } from '../helpers/app.ts'
import { changeCharacter, encodePart, forge } from '../helpers/forge.ts'
import { ask, type Received, writePublicKeys } from '../helpers/gateways.ts'
import { waitUntil } from '../helpers/process.ts'
import { keepsItsPromises, limitsEachClient, setUp } from './gateway.contract.ts'

t.test('HAProxy keeps the promises of a gateway', t => keepsItsPromises(t, 'haproxy'))
t.test('behind HAProxy each client has a limit of its own', t => limitsEachClient(t, 'haproxy'))

t.test('what HAProxy cannot know: a token of an ended session is good until it expires', async t => {
  const setup = await setUp(t, 'haproxy')
  if (!setup) return
  const { signet, url, logIn } = setup
  const { access_token: token } = await logIn()
  const headers = ['Authorization', `Bearer ${token}`]
  t.equal((await ask(`${url}/logout`, { method: 'POST', headers })).status, 204)
  t.equal((await ask(`${url}/orders`, { headers })).status, 200)
  t.equal((await ask(`${url}/me`, { headers })).status, 401, 'Signet does know')

  await signet.stop('SIGKILL')
  await waitUntil(async () => (await ask(`${url}/me`, { headers })).status === 503)
  t.equal((await ask(`${url}/orders`, { headers })).status, 200, 'and needs no Signet for it')
})

t.test('HAProxy verifies RS256 as well', async t => {
  const setup = await setUp(t, 'haproxy', {}, 'RS256')
  if (!setup) return
  const { access_token: token } = await setup.logIn()
  const status = async (one: string) =>
    (await ask(`${setup.url}/orders`, { headers: ['Authorization', `Bearer ${one}`] })).status
  t.equal(await status(token), 200)
  t.equal(await status(changeCharacter(token, token.length - 20)), 401, 'another signature')
  t.equal(await status(changeCharacter(token, token.indexOf('.') + 20)), 401, 'other claims')
})

t.test('HAProxy knows the keys of its last start, and checks the claims too', async t => {
  const setup = await setUp(t, 'haproxy')
  if (!setup) return
  const { gateway, signet, publicUrl, url, logIn } = setup
  const { access_token: token } = await logIn()
  const asks = (one: string) => ask(`${url}/orders`, { headers: ['Authorization', `Bearer ${one}`] })
  const becomes = (status: number, one: string) => waitUntil(async () => (await asks(one)).status === status)
  t.equal((await asks(token)).status, 200)

  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const ourPem = await exportSPKI(publicKey)
  for (const number of [1, 2, 3]) await writeFile(join(gateway.keys, `${number}.pem`), ourPem)
  t.equal((await asks(token)).status, 200, 'not yet')
  gateway.signal('SIGUSR2')
  await becomes(401, token)

  const claims = claimsOf(token)
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'any' }
  const sign = (otherClaims: object = {}, otherHeader: object = {}) =>
    new SignJWT({ ...claims, ...otherClaims }).setProtectedHeader({ ...header, ...otherHeader }).sign(privateKey)
  const now = Math.floor(Date.now() / 1000)
  t.equal((await asks(await sign())).status, 200)
  const refused = {
    'expired now': await sign({ exp: now }),
    'without an expiry': await sign({ exp: undefined }),
    'an expiry that is a text': await sign({ exp: 'never' }),
    'another issuer': await sign({ iss: `${publicUrl}.evil.example` }),
    'no issuer': await sign({ iss: undefined }),
    'another audience': await sign({ aud: 'https://elsewhere.example' }),
    'another type': await sign({}, { typ: 'JWT' }),
    'a refresh token by its type': await sign({}, { typ: 'rt+jwt' }),
    'no type': await sign({}, { typ: undefined }),
    'not signed': `${encodePart({ ...header, alg: 'none' })}.${encodePart(claims)}.`,
    'the public key as an HS256 secret': forge({ ...header, alg: 'HS256' }, claims, ourPem),
    'an HS256 signature said to be ES256': forge(header, claims, ourPem),
    'three dots': '...',
    nothing: '',
  }
  for (const [name, one] of Object.entries(refused)) t.equal((await asks(one)).status, 401, name)

  const email = 'maría%@exämple.com'
  const received = JSON.parse((await asks(await sign({ email, role: 'admin' }))).body) as Received
  const told = Object.fromEntries(received.headers.map(([name, value]) => [name.toLowerCase(), value]))
  t.match(told['x-auth-email'], /^[!-~]+$/)
  t.equal(decodeURIComponent(told['x-auth-email'] ?? ''), email)
  t.equal(told['x-auth-role'], 'admin')

  await writePublicKeys(signet.port, gateway.keys)
  gateway.signal('SIGUSR2')
  await becomes(200, token)
  t.equal((await asks(await sign())).status, 401)
})
