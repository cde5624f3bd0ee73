/** Requests that no browser sends, as bytes: what of them arrives at the application behind each gateway. */
import fc from 'fast-check'
import type { Test } from 'tap'
import { claimsOf } from '../helpers/app.ts'
import { ask, type Received } from '../helpers/gateways.ts'
import { exchange, type RawResponse, request } from '../helpers/raw.ts'
import { deniedHeaders } from './configurations.ts'
import { mayBeRead } from './readings.ts'
import { bearer, identityNames, named, type Setup } from './setup.ts'

const close = 'Connection: close'

/** What CGI, WSGI, PHP and Rack make of a name: of every character that is no letter or digit, an underscore. */
const cgiName = (name: string) => name.toUpperCase().replace(/[^A-Z0-9]/g, '_')

const spellings: Record<string, (name: string) => string> = {
  'as documented': name => name,
  'in lower case': name => name.toLowerCase(),
  'in upper case': name => name.toUpperCase(),
  'with one underscore': name => name.replace('-', '_'),
  'with another underscore': name => name.replace(/-(?=[^-]*$)/, '_'),
  'with underscores in lower case': name => name.replaceAll('-', '_').toLowerCase(),
  ...Object.fromEntries([..."!#$%&'*+.^_`|~"].map(one => [`with ${one}`, name => name.replaceAll('-', () => one)])),
}

/** Names and values that only the client could have written; the gateways write these three themselves. */
const ownNames = new Set(['X_FORWARDED_FOR', 'X_FORWARDED_HOST', 'X_FORWARDED_PROTO'])

export async function tellsNoLies(t: Test, { gateway, name, logIn }: Setup): Promise<void> {
  const { access_token: token } = await logIn()
  const { sid, exp } = claimsOf(token)
  const identity = ['user-2', 'maria', '-', 'user', sid, String(exp)]
  const send = (line: string, headers: string[], body = '') =>
    exchange(gateway.port, request(line, [`Authorization: Bearer ${token}`, close, ...headers], body))
  const denied = new Set(deniedHeaders(name).map(cgiName))

  await t.test('nobody tells the application who they are, in whatever spelling', async t => {
    for (const [spelling, spell] of Object.entries(spellings)) {
      const lies = [...deniedHeaders(name), 'X-Forwarded-For'].map(one => `${spell(one)}: lie`)
      // In portions, because all headers together have a limit.
      for (let i = 0; i < lies.length; i += 30) {
        const some = lies.slice(i, i + 30)
        const [answer] = await send('GET /orders', [...some, ...some, 'X-Own: kept'])
        if (answer?.status === 400 && spelling.startsWith('with')) continue
        const received = received200(answer, spelling)
        t.strictSame(
          identityNames.flatMap(one => named(received, one)),
          identity,
          spelling,
        )
        const told = received.headers.filter(([one, value]) => denied.has(cgiName(one)) || value.includes('lie'))
        t.equal(told.length, identityNames.length, `${spelling}: ${told.join('; ')}`)
        t.ok(received.headers.every(([one]) => /^[A-Za-z0-9-]+$/.test(one) && !ownNames.has(one)))
        t.strictSame(named(received, 'x-own'), ['kept'])
      }
    }
  })

  await t.test('a trailer is no header: it is left out, or the request is refused', async t => {
    const chunks = '5\r\nhello\r\n0\r\n'
    const lies = identityNames.map(one => `${one}: root\r\n`).join('')
    for (const announced of [[], [`Trailer: ${identityNames.join(', ')}`]]) {
      const headers = ['Transfer-Encoding: chunked', ...announced]
      const [answer] = await send('POST /orders', headers, `${chunks}${lies}\r\n`)
      const received = received200(answer, 'trailers')
      t.match(received, { body: 'hello' })
      t.strictSame(received.trailers, [])
      t.strictSame(
        identityNames.flatMap(one => named(received, one)),
        identity,
      )
    }
  })

  await t.test('a body without a length arrives, or its sender is told to give one', async t => {
    for (const [body, chunks] of [
      ['', '0\r\n\r\n'],
      ['hello', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
    ]) {
      const [answer] = await send('PUT /orders', ['Transfer-Encoding: chunked'], chunks)
      t.match(received200(answer, 'chunked'), { method: 'PUT', body })
    }
    const long = 'x'.repeat(0x9000)
    const [answer] = await send('PUT /orders', ['Transfer-Encoding: chunked'], `9000\r\n${long}\r\n0\r\n\r\n`)
    if (name === 'haproxy') t.equal(answer?.status, 411)
    else t.equal(received200(answer, 'chunked').body, long)
  })
}

function received200(answer: RawResponse | undefined, what: string): Received {
  if (answer?.status !== 200) throw new Error(`${what}: answered ${answer?.status} ${answer?.body}`)
  return JSON.parse(answer.body)
}

/** Readings of /admin that must not reach the application, and harmless paths that must. */
const refused = [
  ...[
    '//admin',
    '/./admin',
    '/x/../admin',
    '/x/..',
    '/.',
    '/..',
    '/./',
    '/x//y',
    '/%2fadmin',
    '/%2Fadmin',
    '/x%2f..%2fadmin',
  ],
  ...[
    '/%2e/admin',
    '/x/%2e%2e/admin',
    '/x/.%2E/admin',
    '/;/admin',
    '/x;a=1/../admin',
    '/admin;x',
    '/%3badmin',
    '/..;/admin',
  ],
  ...[
    '/\\admin',
    '/%5cadmin',
    '/%5Cadmin',
    '/x\\..\\admin',
    '/%2561dmin',
    '/%25%36%31dmin',
    '/%252561dmin',
    '/%25%36%31dmin',
  ],
  ...['/%00admin', '/x%00', '/admin%00', '/%0aadmin', '/login%0a', '/%7fx', '/%', '/%4', '/%zz', '/%u0061dmin', '/a%'],
  ...['/%c0%afadmin', '/%c0%ae%c0%ae/admin', '/%e0%80%af', '/x%?a', '/%25%32%66admin', '/x%252fadmin'],
] as const
const protectedPaths = [
  '/admin',
  '/ADMIN',
  '/Admin/',
  '/aDmIn/users',
  '/%61dmin',
  '/%41DMIN',
  '/admin?x=/..',
  '/admin/x%20y',
]
const harmless = [
  '/orders',
  '/ordersadmin',
  '/x/admin',
  '/a.b/c..d/.well',
  '/100%25',
  '/100%25%20off',
  '/caf%C3%A9',
  '/a%20b?x=//../;%2f%00',
]

export async function readsPathsAsApplicationsDo(t: Test, { gateway, logIn }: Setup): Promise<void> {
  const [{ access_token: token }, { access_token: admin }] = [await logIn(), await logIn('thirdy')]
  const send = async (target: string, who = token) => {
    const headers = [`Authorization: Bearer ${who}`, close]
    const [answer] = await exchange(gateway.port, Buffer.from(request(`GET ${target}`, headers), 'latin1'))
    return { status: answer?.status ?? 0, body: answer?.body ?? '' }
  }

  await t.test('what applications read in different ways is 400, whoever asks', async t => {
    for (const target of refused) {
      t.equal((await send(target)).status, 400, target)
      t.equal((await send(target, admin)).status, 400, target)
    }
    for (const target of ['/\xe4', '/x\xff', '/x#y', '/#/../admin', '/a\x01', '/\xc0\xafadmin']) {
      const { status, body } = await send(target)
      if (status === 200) t.match(JSON.parse(body).url, /^[!"$-~]+$/, 'in the one form that was judged')
      else t.equal(status, 400)
    }
  })
  await t.test('a protected path is protected in any case and spelling', async t => {
    for (const target of protectedPaths) {
      t.equal((await send(target)).status, 403, target)
      t.equal((await send(target, admin)).status, 200, target)
    }
    t.equal((await send('http://localhost/ADMIN')).status, 403, 'with the host in the first line')
  })
  await t.test('other paths arrive as they were sent', async t => {
    for (const target of harmless) {
      const { status, body } = await send(target)
      t.equal(status, 200, target)
      if (status === 200) t.equal(JSON.parse(body).url, target)
    }
    t.equal(JSON.parse((await send('http://localhost/orders?a=b')).body).url, '/orders?a=b')
  })
  await t.test('no path of many arrives that an application may read as a protected one', async t => {
    const pieces = [
      '/',
      '//',
      '/.',
      '/..',
      '.',
      '%2f',
      '%5c',
      '\\',
      ';x',
      '%2e',
      '%00',
      '%61dmin',
      'admin',
      'ADMIN',
      'x',
      '?',
      '#',
    ]
    const odd = [
      '%2561dmin',
      '%25%36%31dmin',
      '%c0%ae',
      '%c0%af',
      '%',
      '%0a',
      '%20',
      '%u002f',
      '%252e',
      '%25',
      '2f',
      '/admin',
    ]
    const targets = fc.array(fc.constantFrom(...pieces, ...odd), { minLength: 1, maxLength: 6 })
    const runs = process.env['LONG'] ? 20_000 : 400
    const sample = fc.sample(targets, { numRuns: runs, seed: process.env['LONG'] ? Date.now() : 20 })
    let arrived = 0
    for (let i = 0; i < sample.length; i += 20) {
      const some = sample.slice(i, i + 20).map(parts => `/${parts.join('')}`)
      const answers = await Promise.all(some.map(target => send(target)))
      for (const [index, { status, body }] of answers.entries()) {
        if (status !== 200) continue
        arrived++
        const { url } = JSON.parse(body) as Received
        if (mayBeRead(url, '/admin')) t.fail(`${some[index]} arrived as ${url}`)
      }
    }
    t.ok(arrived > 10, `${arrived} arrived`)
  })
}

export async function letsPreflightsThrough(t: Test, { gateway, url, logIn, receives }: Setup): Promise<void> {
  const asks = ['Origin', 'https://app.other.net', 'Access-Control-Request-Method', 'PUT']
  const lies = [
    'X-Auth-Role',
    'admin',
    'x_auth_role',
    'admin',
    'X-HTTP-Method-Override',
    'DELETE',
    'X-HTTP-Method',
    'PUT',
    'X-Method-Override',
    'PUT',
  ]
  for (const path of ['/orders?a=1', '/admin/users', '/ADMIN']) {
    const received = await receives({ method: 'OPTIONS', headers: [...asks, ...lies] }, path)
    t.match(received, { method: 'OPTIONS', url: path, body: '' })
    t.strictSame(named(received, 'origin'), ['https://app.other.net'])
    const names = received.headers.map(([one]) => cgiName(one))
    t.notOk(names.some(one => one.startsWith('X_AUTH_') || one.includes('METHOD_OVERRIDE') || one === 'X_HTTP_METHOD'))
  }
  const { access_token: token } = await logIn()
  const status = async (method: string, headers: string[], path = '/orders') =>
    (await ask(`${url}${path}`, { method, headers })).status
  t.equal(await status('OPTIONS', [...asks, ...bearer(token)]), 200, 'with a good token it is a request like any other')
  t.equal(await status('OPTIONS', [...asks, ...bearer('x.y.z')]), 401)
  t.equal(await status('OPTIONS', [...asks, 'Cookie', 'a=1']), 401)
  t.equal(await status('OPTIONS', asks.slice(0, 2)), 401, 'without a method asked for')
  t.equal(await status('OPTIONS', asks.slice(2)), 401, 'without an origin')
  for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) t.equal(await status(method, asks), 401, method)
  const [strange] = await exchange(
    gateway.port,
    request('OPTIONS /x/../admin', ['Origin: a', 'Access-Control-Request-Method: PUT', close]),
  )
  t.equal(strange?.status, 400)
  t.equal(await status('OPTIONS', asks, '/.well-known/jwks.json'), 204, 'Signet answers its own')

  // Nobody's body arrives: it is left out, or the request counts as any other.
  const lines = ['Origin: https://app.other.net', 'Access-Control-Request-Method: PUT', close]
  for (const [more, body] of [
    [['Content-Length: 5'], 'hello'],
    [['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\nX-Auth-Role: admin\r\n\r\n'],
  ] as const) {
    const [answer] = await exchange(gateway.port, request('OPTIONS /orders', [...lines, ...more], body))
    if (answer?.status === 200) t.match(JSON.parse(answer.body), { body: '', trailers: [] })
    else t.ok([400, 401].includes(answer?.status ?? 0), `${answer?.status}`)
  }
}
