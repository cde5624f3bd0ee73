/** Paths that no browser sends, as bytes: none reaches an application that would read it as a protected one. */
import fc from 'fast-check'
import type { Test } from 'tap'
import { ask, type Received } from '../helpers/gateways.ts'
import { isLong } from '../helpers/long.ts'
import { exchange, request } from '../helpers/raw.ts'
import { mayBeRead } from './readings.ts'
import type { Setup } from './setup.ts'

const close = 'Connection: close'

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

export async function readsPathsAsApplicationsDo(t: Test, { name, gateway, logIn }: Setup): Promise<void> {
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
    const [none] = await exchange(gateway.port, request('OPTIONS *', [`Authorization: Bearer ${token}`, close]))
    t.ok(none && !none.body.includes('"method"'), 'what has no path does not arrive')
    if (name === 'haproxy') t.match(none?.body, '"invalid_request"', 'nor does it leave the answer to the application')
    if (name === 'nginx') return // whose page it is
    const { headers } = await ask(`http://127.0.0.1:${gateway.port}/x%00`)
    t.match(headers['content-type'], /^application\/problem\+json/)
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
    const runs = isLong ? 20_000 : 400
    const sample = fc.sample(targets, { numRuns: runs, seed: isLong ? Date.now() : 20 })
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
