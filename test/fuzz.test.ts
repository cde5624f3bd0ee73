/**
 * Valid requests and tokens, mutated: whatever arrives, the answer is ours. A few hundred in the suite, a hundred thousand
 * with `npm run fuzz` or as many as `FUZZ_RUNS` says; `FUZZ_SEED` repeats a run.
 */
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { errors } from '../src/base/errors.ts'
import { testApp } from './helpers/app.ts'
import { amount } from './helpers/long.ts'

const runs = amount('FUZZ_RUNS', 400, 100_000)
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

interface Target {
  readonly method: string
  readonly url: string
  readonly body?: Record<string, unknown>
  readonly form?: boolean
}

const key = { id: 'AAAA', rawId: 'AAAA', type: 'public-key' }
const clientDataJSON = Buffer.from(
  '{"type":"webauthn.get","challenge":"AAAA","origin":"http://localhost:3000"}',
).toString('base64url')
const assertion = {
  ...key,
  response: { clientDataJSON, authenticatorData: 'AAAA', signature: 'AAAA', userHandle: 'AAAA' },
}
const attestation = { ...key, response: { clientDataJSON, attestationObject: 'AAAA', transports: ['usb'] } }

const targets: readonly Target[] = [
  { method: 'POST', url: '/login', body: { username: 'thirdy', password: 'demo123' } },
  {
    method: 'POST',
    url: '/login',
    body: { grant_type: 'password', username: 'maria', password: 'demo123' },
    form: true,
  },
  { method: 'POST', url: '/token', body: { grant_type: 'password', username: 'maria', password: 'x' }, form: true },
  { method: 'POST', url: '/token', body: { grant_type: 'refresh_token', refresh_token: 'REFRESH' }, form: true },
  { method: 'POST', url: '/refresh', body: { refresh_token: 'REFRESH' } },
  { method: 'POST', url: '/register', body: { username: 'ana', password: 'a long sentence' } },
  { method: 'GET', url: '/me' },
  { method: 'PUT', url: '/me/password', body: { current_password: 'demo123', new_password: 'a long sentence' } },
  { method: 'GET', url: '/me/account' },
  { method: 'PATCH', url: '/me/account', body: { username: 'ana' } },
  { method: 'POST', url: '/me/confirm', body: { current_password: 'demo123' } },
  { method: 'POST', url: '/login/passkey', body: { response: assertion } },
  { method: 'POST', url: '/login/second-factor', body: { challenge: 'x', passkey: assertion } },
  { method: 'POST', url: '/me/confirm', body: { passkey: assertion } },
  { method: 'POST', url: '/me/passkeys', body: { name: 'my phone', response: attestation } },
  { method: 'DELETE', url: '/me/passkeys/x' },
  { method: 'POST', url: '/logout', body: { refresh_token: 'REFRESH' } },
  { method: 'POST', url: '/logout/all' },
  { method: 'GET', url: '/sessions' },
  { method: 'DELETE', url: '/sessions/SID' },
  { method: 'GET', url: '/users?limit=10&after=a&q=t' },
  {
    method: 'POST',
    url: '/users',
    body: { username: 'ben', password: 'a long sentence', role: 'user', email: 'b@example.com' },
  },
  { method: 'GET', url: '/users/user-2' },
  {
    method: 'PATCH',
    url: '/users/user-2',
    body: { role: 'user', email: null, disabled: false, password: 'a long sentence' },
  },
  { method: 'DELETE', url: '/users/nobody' },
  { method: 'POST', url: '/users/user-2/logout' },
  { method: 'GET', url: '/health/ready' },
  { method: 'GET', url: '/openapi.json' },
]

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', '\ud800', '__proto__', 'constructor', "' OR 1=1 --", '../../etc/passwd', '\r\nx: y'),
  fc.string({ minLength: 100, maxLength: 3000 }),
)
const value = fc.oneof({ weight: 3, arbitrary: nasty }, fc.jsonValue({ maxDepth: 3 }), fc.double(), fc.constant(1e308))
const mediaTypes = fc.constantFrom(
  'application/json',
  'application/x-www-form-urlencoded',
  'application/json; charset=utf-16',
  'application/problem+json',
  'text/plain',
  'multipart/form-data; boundary=x',
  'APPLICATION/JSON',
)

/** Once in so many times, else null. */
const rarely = <T>(times: number, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })

/** How one request differs from a valid one; every part may be left as it is. */
const mutation = fc.record({
  target: fc.nat(targets.length - 1),
  who: fc.constantFrom('admin', 'admin', 'user', 'nobody', 'mutant', 'refresh'),
  set: rarely(2, fc.tuple(fc.nat(5), value)),
  add: rarely(6, fc.tuple(nasty, value)),
  drop: rarely(6, fc.nat(5)),
  raw: rarely(10, fc.oneof(nasty, fc.json())),
  mediaType: rarely(8, mediaTypes),
  method: rarely(12, fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE')),
  path: rarely(12, fc.oneof(nasty, fc.webPath(), fc.webQueryParameters())),
  header: rarely(
    4,
    fc.tuple(
      fc.constantFrom('cookie', 'origin', 'sec-fetch-site', 'x-forwarded-for', 'host', 'user-agent', 'if-none-match'),
      fc.string({ unit: 'grapheme-ascii' }),
    ),
  ),
  address: fc.ipV4(),
  token: fc.record({ at: fc.nat(1200), with: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('.', '=', 'A')) }),
})

t.test(`${runs} mutated requests get an answer of ours, seed ${seed}`, { timeout: 3_600_000 }, async t => {
  const settings = {
    registrationIsOpen: true,
    docs: true,
    loginFreeFailures: 0,
    hashQueue: 1000,
    logLevel: 'error',
    secondFactor: 'optional',
  } as const
  const { app, logIn, log } = await testApp(t, settings)
  let tokens = { admin: await logIn('thirdy'), user: await logIn('maria') }
  const seen = new Map<number, number>()
  const documented = new Set<string>(Object.keys(errors))
  let sinceLogin = 0

  await fc.assert(
    fc.asyncProperty(mutation, async how => {
      if (++sinceLogin % 60 === 0) tokens = await renewed()
      await app.revocations.poll() // its timers are off, and a slow machine takes longer than a list counts as fresh
      const request = requestOf(how, tokens)
      const answer = await app.inject(request)

      seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1)
      if (answer.statusCode >= 500) throw new Error(`answered ${answer.statusCode}: ${JSON.stringify(request)}`)
      if (answer.statusCode < 400 || request.method === 'HEAD' || answer.body === '') return
      const { code, error, detail } = answer.json()
      if (!documented.has(code) && error === undefined) throw new Error(`undocumented: ${answer.body}`)
      if (typeof detail !== 'string') throw new Error(`without a detail: ${answer.body}`)
    }),
    { numRuns: runs, seed, endOnFailure: runs > 10_000 },
  )

  async function renewed() {
    await app.stores.users.update('user-1', { role: 'admin', disabled: false })
    const [admin, user] = [await app.stores.users.findById('user-1'), await app.stores.users.findById('user-2')]
    const logInAgain = async (name: string, known: typeof tokens.admin) => logIn(name).catch(() => known)
    return admin && user
      ? { admin: await logInAgain('thirdy', tokens.admin), user: await logInAgain('maria', tokens.user) }
      : tokens
  }

  t.comment(
    `statuses: ${[...seen]
      .sort()
      .map(([status, count]) => `${status} x ${count}`)
      .join(', ')}`,
  )
  t.ok(
    [200, 400, 401, 404, 415].every(status => seen.has(status)),
    'the mutants reached every kind of answer',
  )
  t.strictSame(
    log.filter(line => JSON.parse(line).level >= 50),
    [],
    'and nothing was logged as an error',
  )
})

type How = typeof mutation extends fc.Arbitrary<infer T> ? T : never

function requestOf(
  how: How,
  tokens: Record<'admin' | 'user', { access_token: string; refresh_token: string }>,
): InjectOptions {
  const target = targets[how.target] as Target
  const owner = how.who === 'admin' ? tokens.admin : tokens.user
  const fill = (text: string) => text.replace('REFRESH', owner.refresh_token).replace('SID', 'A'.repeat(22))
  const body: Record<string, unknown> = Object.fromEntries(
    Object.entries(target.body ?? {}).map(([name, given]) => [name, typeof given === 'string' ? fill(given) : given]),
  )
  const names = Object.keys(body)
  if (how.set && names.length > 0) body[names[how.set[0] % names.length] as string] = how.set[1]
  if (how.drop !== null && names.length > 0) delete body[names[how.drop % names.length] as string]
  if (how.add) Object.defineProperty(body, how.add[0], { value: how.add[1], enumerable: true, configurable: true })

  const headers: Record<string, string> = {}
  const token = {
    admin: owner.access_token,
    user: owner.access_token,
    refresh: owner.refresh_token,
    nobody: '',
    mutant: '',
  }[how.who]
  const mutant = owner.access_token.slice(0, how.token.at) + how.token.with + owner.access_token.slice(how.token.at + 1)
  if (how.who !== 'nobody') headers['authorization'] = `Bearer ${how.who === 'mutant' ? mutant : token}`
  if (how.header) headers[how.header[0]] = how.header[1]

  const isForm = target.form === true
  if (target.body || how.raw !== null) {
    headers['content-type'] = how.mediaType ?? (isForm ? 'application/x-www-form-urlencoded' : 'application/json')
  }
  const text = how.raw ?? (isForm ? encodeForm(body) : JSON.stringify(body))
  return {
    method: (how.method ?? target.method) as 'GET',
    url: how.path === null ? fill(target.url) : `/${encodeURI(how.path.toWellFormed()).replace(/^\/+/, '')}`,
    headers,
    remoteAddress: how.address,
    ...((target.body || how.raw !== null) && { payload: text }),
  }
}

function encodeForm(body: Record<string, unknown>): string {
  const pairs = Object.entries(body).map(([name, given]) => [
    name.toWellFormed(),
    String(JSON.stringify(given)).toWellFormed(),
  ])
  return new URLSearchParams(pairs as [string, string][]).toString()
}
