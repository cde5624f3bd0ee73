/** HAProxy with deploy/haproxy, verifying access tokens by itself with the published public keys. */
import { KeyObject, sign as signBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportSPKI, generateKeyPair, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { changeCharacter, encodePart, forge } from '../helpers/forge.ts'
import { ask, type Received, writePublicKeys } from '../helpers/gateways.ts'
import { waitUntil } from '../helpers/process.ts'
import { exchange, request } from '../helpers/raw.ts'
import { claimsOf } from '../helpers/tokens.ts'
import { costsNoMoreThanItsLength } from './cost.contract.ts'
import { keepsItsPromises, keepsSignetUnderAPath, limitsEachClient, refusesTooManyHeaders } from './gateway.contract.ts'
import { tellsNoLies } from './identity.contract.ts'
import { sendsAgain } from './lost-answers.contract.ts'
import { readsPathsAsApplicationsDo } from './paths.contract.ts'
import { letsPreflightsThrough } from './preflight.contract.ts'
import { publicPaths, showsPublicPaths } from './public.contract.ts'
import { bearer, named, type Setup, setUp } from './setup.ts'

const [setup, underPath, withPage] = await Promise.all([
  setUp(t, 'haproxy'),
  setUp(t, 'haproxy', { LOGIN_LIMIT_PER_IP: '2' }, { path: '/auth' }),
  setUp(t, 'haproxy', {}, { publicPaths: publicPaths.others }),
])
if (setup) {
  await t.test('HAProxy keeps the promises of a gateway', t => keepsItsPromises(t, setup))
  await t.test('behind HAProxy nobody makes up who they are', t => tellsNoLies(t, setup))
  await t.test('HAProxy protects what the application reads', t => readsPathsAsApplicationsDo(t, setup))
  await t.test('HAProxy lets preflights through', t => letsPreflightsThrough(t, setup))
  await t.test('more headers than Signet takes are refused by HAProxy', t => refusesTooManyHeaders(t, setup))
  await t.test('no request costs HAProxy much', t => costsNoMoreThanItsLength(t, setup))
  await t.test('HAProxy takes one spelling of a signature', t => takesOneSpelling(t, setup))
  await t.test('HAProxy asks the other instance when an answer was lost', t => sendsAgain(t, setup))
  await t.test('HAProxy takes no token of two headers', t => takesOneHeader(t, setup))
  await t.test('HAProxy switches to a websocket', t => switchesProtocols(t, setup))
  await t.test('what HAProxy cannot know: a token of an ended session is good until it expires', t =>
    cannotKnow(t, setup),
  )
}

if (underPath) {
  await t.test('behind HAProxy each client has a limit of its own', t => limitsEachClient(t, underPath))
  await t.test('HAProxy keeps Signet under a path', t => keepsSignetUnderAPath(t, underPath))
}

if (withPage) {
  await t.test('HAProxy shows everybody what is public, and nothing more', t => showsPublicPaths(t, withPage))
  await t.test('what brings a body to HAProxy does not only read, so it needs a token', async t => {
    const { url, logIn, receives } = withPage
    t.equal((await ask(`${url}/page.js`, { body: 'x' })).status, 401)
    t.equal((await ask(`${url}/page.js`)).status, 200)
    t.match(await receives({ headers: bearer((await logIn()).access_token), body: 'x' }, '/page.js'), { body: 'x' })
  })
}

async function takesOneSpelling(t: Test, { url, logIn }: Setup): Promise<void> {
  const { access_token: token } = await logIn()
  const status = async (one: string) => (await ask(`${url}/orders`, { headers: bearer(one) })).status
  t.equal(await status(token), 200)
  const [signed, last] = [token.slice(0, -1), token.slice(-1)]
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (const one of alphabet) if (one !== last) t.equal(await status(signed + one), 401, `ends with ${one}`)

  const [head = '', payload = '', signature = ''] = token.split('.')
  const raw = Buffer.from(signature, 'base64url')
  const spellings = {
    padded: `${token}==`,
    'padded once': `${token}=`,
    'of standard base64': `${head}.${payload}.${raw.toString('base64').replace(/=+$/, '')}`,
    'of padded standard base64': `${head}.${payload}.${raw.toString('base64')}`,
    'as DER': `${head}.${payload}.${derOf(raw).toString('base64url')}`,
    'with a byte more': `${head}.${payload}.${Buffer.concat([raw, Buffer.of(0)]).toString('base64url')}`,
    'with a byte before': `${head}.${payload}.${Buffer.concat([Buffer.of(0), raw]).toString('base64url')}`,
    'with a fourth part': `${token}.`,
    'with a blank inside': `${head}.${payload}. ${signature}`,
    'with a padded payload': `${head}.${payload}=.${signature}`,
  }
  for (const [name, one] of Object.entries(spellings)) {
    if (one !== token) t.equal(await status(one), 401, name)
  }
}

/** Whatever is in front of it may have written one of them, and the client the other. */
async function takesOneHeader(t: Test, { url, logIn }: Setup): Promise<void> {
  const [mine, other] = [await logIn(), await logIn('thirdy')].map(({ access_token: token }) => bearer(token))
  const status = async (...headers: string[]) => (await ask(`${url}/orders`, { headers })).status
  t.equal(await status(...mine!), 200)
  t.equal(await status(...mine!, ...other!), 401)
  t.equal(await status(...mine!, 'Authorization', 'Basic eDp5'), 401)
}

/** ECDSA-Sig-Value of RFC 3279 section 2.2.3, of the two numbers in a row. */
function derOf(raw: Buffer): Buffer {
  const numbers = [raw.subarray(0, 32), raw.subarray(32)].map(number => {
    const start = number.findIndex(byte => byte !== 0)
    const short = number.subarray(start)
    const content = (short[0] ?? 0) > 127 ? Buffer.concat([Buffer.of(0), short]) : short
    return Buffer.concat([Buffer.of(2, content.length), content])
  })
  const content = Buffer.concat(numbers)
  return Buffer.concat([Buffer.of(0x30, content.length), content])
}

async function switchesProtocols(t: Test, { gateway, logIn }: Setup): Promise<void> {
  const { access_token: token } = await logIn()
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]
  const shake = async (...headers: string[]) =>
    (await exchange(gateway.port, request('GET /socket', [...upgrade, ...headers])))[0]?.status
  t.equal(await shake(`Authorization: Bearer ${token}`), 101)
}

async function cannotKnow(t: Test, { signet, url, logIn }: Setup): Promise<void> {
  const { access_token: token } = await logIn()
  const headers = ['Authorization', `Bearer ${token}`]
  t.equal((await ask(`${url}/logout`, { method: 'POST', headers })).status, 204)
  t.equal((await ask(`${url}/orders`, { headers })).status, 200)
  t.equal((await ask(`${url}/me`, { headers })).status, 401, 'Signet does know')

  await signet.stop('SIGKILL')
  await waitUntil(async () => (await ask(`${url}/me`, { headers })).status === 503)
  t.equal((await ask(`${url}/orders`, { headers })).status, 200, 'and needs no Signet for it')
}

t.test('HAProxy verifies RS256 as well', async t => {
  const setup = await setUp(t, 'haproxy', {}, { algorithm: 'RS256' })
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
  const pems = await Promise.all([1, 2, 3].map(number => readFile(join(gateway.keys, `${number}.pem`), 'utf8')))
  t.match(pems[0], /^-----BEGIN PUBLIC KEY-----/)
  t.strictSame(pems, [pems[0], pems[0], pems[0]], 'there is one key, and the configuration names three')

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
  const signedAs = (otherHeader: object) => {
    const parts = `${encodePart(otherHeader)}.${encodePart(claims)}`
    const key = { key: KeyObject.from(privateKey), dsaEncoding: 'ieee-p1363' } as const
    return `${parts}.${signBytes('sha256', Buffer.from(parts), key).toString('base64url')}`
  }
  const now = Math.floor(Date.now() / 1000)
  t.equal((await asks(await sign())).status, 200)
  t.equal((await asks(signedAs(header))).status, 200)
  for (const place of [0, 1, 2, 3]) {
    const aud = Array.from({ length: 4 }, (_, i) => (i === place ? publicUrl : `https://elsewhere-${i}.example`))
    t.equal((await asks(await sign({ aud }))).status, 200, `number ${place + 1} of four`)
  }
  const refused = {
    'expired now': await sign({ exp: now }),
    'without an expiry': await sign({ exp: undefined }),
    'an expiry that is a text': await sign({ exp: 'never' }),
    'another issuer': await sign({ iss: `${publicUrl}.evil.example` }),
    'no issuer': await sign({ iss: undefined }),
    'another audience': await sign({ aud: 'https://elsewhere.example' }),
    'several other audiences': await sign({ aud: ['https://elsewhere.example', `${publicUrl}x`] }),
    'an audience that holds ours': await sign({ aud: `x"${publicUrl}` }),
    'another type': await sign({}, { typ: 'JWT' }),
    'a refresh token by its type': await sign({}, { typ: 'rt+jwt' }),
    'no type': await sign({}, { typ: undefined }),
    'said to be of another algorithm': signedAs({ ...header, alg: 'RS256' }),
    'not signed': `${encodePart({ ...header, alg: 'none' })}.${encodePart(claims)}.`,
    'the public key as an HS256 secret': forge({ ...header, alg: 'HS256' }, claims, ourPem),
    'an HS256 signature said to be ES256': forge(header, claims, ourPem),
    'three dots': '...',
    nothing: '',
  }
  for (const [name, one] of Object.entries(refused)) t.equal((await asks(one)).status, 401, name)

  const email = 'maría%@exämple.com'
  const received = JSON.parse((await asks(await sign({ email, email_verified: true, role: 'admin' }))).body) as Received
  const told = Object.fromEntries(received.headers.map(([name, value]) => [name.toLowerCase(), value]))
  t.match(told['x-auth-email'], /^[!-~]+$/)
  t.equal(decodeURIComponent(told['x-auth-email'] ?? ''), email)
  t.equal(told['x-auth-role'], 'admin')
  for (const [proven, shown] of [
    [true, 'a@example.com'],
    [false, '-'],
  ] as const) {
    const given = { email: 'a@example.com', email_verified: proven }
    t.strictSame(named(JSON.parse((await asks(await sign(given))).body) as Received, 'x-auth-email'), [shown])
  }
  const texts = { sub: 'x-auth-user-id', username: 'x-auth-username', email: 'x-auth-email', role: 'x-auth-role' }
  for (const [claim, header] of Object.entries(texts)) {
    for (const [given, encoded] of [
      ['-', '%2D'],
      ['--', '--'],
      ['josé', 'jos%C3%A9'],
      ['a b\r\nc', 'a%20b%0D%0Ac'],
    ] as const) {
      const answer = JSON.parse((await asks(await sign({ [claim]: given, email_verified: true }))).body) as Received
      t.strictSame(named(answer, header), [encoded], claim)
    }
  }

  await writePublicKeys(signet.port, gateway.keys)
  gateway.signal('SIGUSR2')
  await becomes(200, token)
  t.equal((await asks(await sign())).status, 401)
})
