/** Signing keys over time: published before they sign, gone only after their last token. */
import { createLocalJWKSet, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import type { Config } from '../../src/config/config.ts'
import { decideRotation, jwksMaxAge } from '../../src/keys/rotation.ts'
import { thumbprint } from '../../src/keys/signing-key.ts'
import type { SigningKey } from '../../src/stores/stores.ts'
import { testApp } from '../helpers/app.ts'
import { amount } from '../helpers/long.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { claimsOf, headerOf, newSecret } from '../helpers/tokens.ts'

const day = 86_400
const settings = { rotationDays: 90, accessTokenSeconds: 900 }
const now = 10_000_000

function row(state: SigningKey['state'], since: number, changesAt: number | null = null): SigningKey {
  return { kid: state, alg: 'ES256', state, publicJwk: '{}', privateKey: null, since, changesAt }
}

for (const [what, keys, act] of [
  ['no key yet', [], 'create'],
  ['a young key', [row('current', now - 90 * day + 1)], 'none'],
  ['a key of its age', [row('current', now - 90 * day)], 'stage'],
  ['a next key before its date', [row('current', now - 91 * day), row('next', now - 359, now + 1)], 'none'],
  ['a next key at its date', [row('current', now - 91 * day), row('next', now - 360, now)], 'activate'],
  ['retired keys alone', [row('retired', now - 1, now + 959)], 'create'],
] as const) {
  t.test(`${what}: ${act}`, async t => void t.equal(decideRotation(keys, now, settings), act))
}

t.test('with rotation by command only nothing is staged by itself, and what was staged still comes', async t => {
  const manual = { ...settings, rotationDays: 0 }
  t.equal(decideRotation([row('current', 0)], now, manual), 'none')
  t.equal(decideRotation([row('current', 0), row('next', 0, now)], now, manual), 'activate')
})

t.test('the JWKS is kept no longer than until the next planned change', async t => {
  t.equal(jwksMaxAge([row('current', now - day)], now, settings), 300)
  t.equal(jwksMaxAge([row('current', now - 90 * day + 120)], now, settings), 120)
  t.equal(jwksMaxAge([row('current', now - day), row('retired', now, now + 45)], now, settings), 45)
  t.equal(jwksMaxAge([row('current', now - day), row('next', now, now + 1)], now, settings), 1)
  t.equal(jwksMaxAge([row('current', now - 91 * day)], now, settings), 300, 'what is overdue comes at some time')
  t.equal(jwksMaxAge([row('current', now - day)], now, { ...settings, rotationDays: 0 }), 300, 'by command only')
})

async function ring(t: Test, overrides: Partial<Config> = {}) {
  const made = await testApp(t, { algorithm: 'ES256', ...overrides })
  return {
    ...made,
    /** Time passes for the service as it does: with a poll at its end. */
    async pass(seconds: number) {
      made.clock.advance(seconds)
      await made.app.revocations.poll()
      await made.app.keys.sync()
    },
    jwks: async () => (await made.app.inject('/.well-known/jwks.json')).json().keys as Record<string, string>[],
  }
}

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
  t.test(`${algorithm}: access tokens are signed by the published key, refresh tokens are not`, async t => {
    const { logIn, me, refresh, jwks } = await ring(t, { algorithm })
    const tokens = await logIn()
    const [key] = await jwks()

    t.match(headerOf(tokens.access_token), { alg: algorithm, typ: 'at+jwt', kid: key?.['kid'] })
    t.match(headerOf(tokens.refresh_token), { alg: 'HS256', typ: 'rt+jwt' })
    t.equal(key?.['kid'], thumbprint({ ...key }))
    t.match(key, { use: 'sig', alg: algorithm })
    if (algorithm === 'RS256') t.equal(Buffer.from(key?.['n'] ?? '', 'base64url').length * 8, 3072, 'good beyond 2030')
    t.strictSame(
      Object.keys(key ?? {}).filter(name => 'd p q dp dq qi oth k'.split(' ').includes(name)),
      [],
    )
    t.equal((await me(tokens.access_token)).statusCode, 200)
    t.equal((await refresh(tokens.refresh_token)).statusCode, 200)
    const verified = await jwtVerify(tokens.access_token, createLocalJWKSet({ keys: [key as { kty: string }] }), {
      issuer: 'http://localhost:3000',
      audience: 'http://localhost:3000',
      typ: 'at+jwt',
    })
    t.equal(verified.payload.sub, 'user-1')
  })
}

t.test('under HS256 no key is published', async t => {
  const { app } = await testApp(t)
  const answer = await app.inject('/.well-known/jwks.json')
  t.strictSame(answer.json(), { keys: [] })
})

t.test('the JWKS has an ETag and may be kept, and an unchanged one is not sent again', async t => {
  const { app, pass } = await ring(t, { rotationDays: 1 })
  const first = await app.inject('/.well-known/jwks.json')
  t.equal(first.headers['cache-control'], 'public, max-age=300')
  t.equal(first.headers.pragma, undefined, 'which would tell an old cache not to keep it')
  const etag = String(first.headers.etag)
  const ask = (tags: string, method: 'GET' | 'HEAD' = 'GET') =>
    app.inject({ method, url: '/.well-known/jwks.json', headers: { 'if-none-match': tags } })
  const lists = [`"a", ${etag}`, `W/${etag},"b"`, `"a" , W/"b",${etag} `, `"",${etag}`]
  for (const tags of [etag, `W/${etag}`, '*', ' * ', ...lists]) {
    const again = await ask(tags)
    t.equal(again.statusCode, 304, tags)
    t.equal(again.body, '')
    t.equal(again.headers.etag, etag)
    t.equal((await ask(tags, 'HEAD')).statusCode, 304, `HEAD ${tags}`)
  }
  for (const tags of ['', '"a"', 'W/"a"', etag.slice(1, -1), `"a", "b"`, `w/${etag}`, ',']) {
    t.equal((await ask(tags)).statusCode, 200, tags)
  }
  await pass(day - 120)
  t.match(
    await ask(etag),
    { statusCode: 304, headers: { 'cache-control': 'public, max-age=120' } },
    'until the next key',
  )
  await pass(120)
  t.equal((await ask(etag)).statusCode, 200)
  t.equal((await ask(`${etag}, W/${etag}`)).statusCode, 200)
})

t.test('a key is published 360 seconds before it signs, and until its last token has expired', async t => {
  const { logIn, me, refresh, jwks, pass } = await ring(t, { rotationDays: 1 })
  const before = await logIn()
  const [first] = (await jwks()).map(key => key['kid'])

  await pass(day)
  const staged = (await jwks()).map(key => key['kid'])
  t.equal(staged.length, 2)
  const last = (await refresh(before.refresh_token)).json()
  t.equal(headerOf(last.access_token)['kid'], first, 'the staged key does not sign yet')

  await pass(359)
  t.equal(headerOf((await logIn()).access_token)['kid'], first)
  await pass(1)
  const fresh = await logIn()
  t.ok(staged.includes(String(headerOf(fresh.access_token)['kid'])))
  t.not(headerOf(fresh.access_token)['kid'], first)
  t.equal((await me(last.access_token)).statusCode, 200, 'tokens of the retired key still verify')

  await pass(959)
  t.equal((await jwks()).length, 2)
  await pass(1)
  t.equal((await jwks()).length, 1, 'and then it is gone')
  t.equal((await refresh(last.refresh_token)).statusCode, 200, 'a session does not notice')
})

t.test('a retired key has no private half, in the database or in the answer', async t => {
  const { app, pass } = await ring(t, { rotationDays: 1 })
  await pass(day)
  await pass(360)
  const { keys } = await app.stores.keys.list()
  t.equal(keys.find(({ state }) => state === 'retired')?.privateKey, null)
  for (const key of keys) t.notMatch(JSON.stringify(key), /PRIVATE/)
})

t.test('an emergency costs a refresh and no login', async t => {
  const { app, logIn, me, refresh, pass } = await ring(t)
  const { newSigningKey } = await import('../../src/keys/signing-keys.ts')
  const { sealingKeys } = await import('../../src/keys/key-ring.ts')
  const tokens = await logIn()
  t.equal((await me(tokens.access_token)).statusCode, 200)

  await app.stores.keys.replaceAll(await newSigningKey('ES256', sealingKeys(app.config.secrets, app.stores.salt)[0]))
  await pass(1)

  t.equal((await me(tokens.access_token)).json().detail, 'Invalid token', 'a token seen before as well')
  const refreshed = await refresh(tokens.refresh_token)
  t.equal(refreshed.statusCode, 200)
  t.equal((await me(refreshed.json().access_token)).statusCode, 200)
})

t.test('a new secret takes the ring over, and then the old one can be dropped', async t => {
  const { join } = await import('node:path')
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const [old, fresh] = [newSecret(), newSecret()]
  const first = await testApp(t, { sqlitePath, algorithm: 'ES256', secrets: [old] })
  const tokens = await first.logIn()
  await first.app.close()

  const second = await testApp(t, { sqlitePath, algorithm: 'ES256', secrets: [fresh, old] }, first.clock)
  t.equal((await second.me(tokens.access_token)).statusCode, 200)
  const sealed = await second.app.stores.keys.list()
  await second.app.close()

  const third = await testApp(t, { sqlitePath, algorithm: 'ES256', secrets: [fresh] }, first.clock)
  t.equal((await third.me(tokens.access_token)).statusCode, 200, 'the signing key is the same')
  t.strictSame(await third.app.stores.keys.list(), sealed, 'a start writes nothing where nothing has changed')
  await third.app.close()

  await t.rejects(
    testApp(t, { sqlitePath, algorithm: 'ES256', secrets: [newSecret()] }, first.clock),
    /keys rotate --emergency/,
    'without any of them the start fails and says what to do',
  )
})

const rotations = amount('ROTATIONS', 6, 30)

t.test(`${rotations} rotations: no valid token refused, none signed by a key that a cache could not have`, async t => {
  const { app, clock, logIn, me, pass } = await ring(t, {
    rotationDays: 1,
    refreshTokenSeconds: 40 * day,
    sessionMaxAgeSeconds: 90 * day,
  })
  const published = new Map<string, number>()
  let cache: { keys: { kty: string; kid: string }[]; until: number } = { keys: [], until: 0 }
  const alive: string[] = []
  const kids = new Set<string>()
  const mistakes: string[] = []

  for (let step = 0; kids.size <= rotations && step < 2000; step++) {
    const answer = await app.inject('/.well-known/jwks.json')
    for (const { kid } of answer.json().keys) if (!published.has(kid)) published.set(kid, clock())
    const maxAge = Number(/max-age=(\d+)/.exec(String(answer.headers['cache-control']))?.[1])
    if (clock() >= cache.until) cache = { keys: answer.json().keys, until: clock() + maxAge } // as long as it is told to

    const { access_token: token } = await logIn()
    alive.push(token)
    kids.add(String(headerOf(token)['kid']))
    while (Number(claimsOf(alive[0] ?? token)['exp']) <= clock()) alive.shift()
    for (const one of [alive[0], alive[alive.length >> 1], token] as string[]) {
      if ((await me(one)).statusCode !== 200) mistakes.push('Signet refused a valid token')
      const verified = jwtVerify(one, createLocalJWKSet(cache), { currentDate: new Date(clock() * 1000) })
      await verified.catch(error => mistakes.push(`a verifier with a cached JWKS refused a valid token: ${error.code}`))
    }
    const age = clock() - (published.get(String(headerOf(token)['kid'])) ?? 0)
    if (kids.size > 1 && age < 360) mistakes.push(`signed by a key ${age} s old`)
    await pass([60, 240, 300, 20_000][step % 4] as number)
  }
  t.strictSame(mistakes, [])
  t.ok(kids.size > rotations, `${kids.size} keys have signed`)
})
