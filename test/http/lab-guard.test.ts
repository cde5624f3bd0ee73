/** Who may use the lab: there where it is on, and only a page of its own origin at a name of this machine. */
import t from 'tap'
import type { Overrides } from '../helpers/app.ts'
import { testApp } from '../helpers/app.ts'
import { asItsPage, labApp } from '../helpers/lab.ts'

const acts = ['restart', 'state', 'send', 'clock', 'secret', 'services']
const routes = [
  'GET /lab',
  'GET /lab/page.js',
  'GET /lab/page.css',
  'POST /lab/mails',
  ...acts.map(act => `POST /lab/${act}`),
  ...['calm', 'strict'].flatMap(rules => [`GET /lab/${rules}/me`, `POST /lab/${rules}/login`]),
]

const { app } = await labApp(t)

t.test('no other configuration has any of its routes', async t => {
  const others: Overrides[] = [
    {},
    { docs: true },
    { registrationIsOpen: true, corsOrigins: ['*'] },
    { algorithm: 'ES256' },
  ]
  const apps = await Promise.all(others.map(overrides => testApp(t, overrides)))
  for (const [method = '', url = ''] of routes.map(route => route.split(' '))) {
    const question = { method: method as 'GET', url, headers: asItsPage }
    t.not((await app.inject(question)).statusCode, 404, `${method} ${url}`)
    for (const other of apps) t.equal((await other.app.inject(question)).statusCode, 404, `${method} ${url}`)
  }
  const tree = app.printRoutes({ commonPrefix: false })
  const [, below = ''] = /─ lab \(GET, HEAD\)\n((?: {4}│ .*\n)+)/.exec(tree) ?? []
  const registered = [...below.matchAll(/─ \/?(\S+)/g)].map(([, name]) => name)
  t.strictSame(
    registered.sort(),
    ['*', 'mails', 'page.css', 'page.js', ...acts].sort(),
    'the list above is of all of them',
  )
  for (const other of apps) t.notMatch(other.app.printRoutes({ commonPrefix: false }), 'lab')
})

t.test('/ leads to the lab, without it to the documents, and without both nowhere', async t => {
  const { app: documents } = await testApp(t, { docs: true })
  const { app: neither } = await testApp(t)
  t.match(await app.inject({ url: '/', headers: asItsPage }), { statusCode: 302, headers: { location: 'lab' } })
  t.match(await documents.inject('/'), { statusCode: 302, headers: { location: 'docs' } })
  t.equal((await neither.inject('/')).statusCode, 404)
})

t.test('only a Host of this machine is answered, and acts only a page of the same origin', async t => {
  for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000']) {
    t.equal((await app.inject({ url: '/lab', headers: { host } })).statusCode, 200, host)
  }
  const strange = [
    'evil.example:3000',
    'localhost',
    'localhost:3001',
    'localhost.evil.example:3000',
    '127.0.0.1.nip.io:3000',
    '127.0.0.2:3000',
    'x@localhost:3000',
    '[::2]:3000',
    '',
  ]
  for (const host of strange) {
    for (const [method = '', url = ''] of routes.map(route => route.split(' '))) {
      const answer = await app.inject({ method: method as 'GET', url, headers: { ...asItsPage, host } })
      t.match(answer, { statusCode: 403 }, `${method} ${url} at ${host}`)
    }
  }
  for (const site of [undefined, 'none', 'same-site', 'cross-site']) {
    const headers = { host: asItsPage.host, ...(site && { 'sec-fetch-site': site }) }
    for (const act of acts) {
      t.equal((await app.inject({ method: 'POST', url: `/lab/${act}`, headers })).statusCode, 403, `${act} ${site}`)
    }
    const isProgram = site === undefined || site === 'none'
    const mails = await app.inject({ method: 'POST', url: '/lab/mails', headers })
    t.equal(mails.statusCode, isProgram ? 200 : 403, `the mailbox, asked from ${site}`)
    const answer = await app.inject({ url: '/lab/calm/me', headers })
    t.equal(answer.statusCode, isProgram ? 401 : 403, `an instance, asked from ${site}`)
  }
})

t.test('an act is refused whose body is another than its page sends', async t => {
  const sent = { rules: 'calm', lane: 'a', method: 'GET', path: '/me' }
  for (const [act, body] of [
    ['send', { ...sent, rules: 'lax' }],
    ['send', { ...sent, lane: 'c' }],
    ['send', { ...sent, method: 'DELETE' }],
    ['send', { ...sent, path: '/me?x' }],
    ['send', { ...sent, more: true }],
    ['clock', { seconds: 0 }],
    ['clock', { seconds: 101 * 86_400 }],
    ['secret', { act: 'keep' }],
    ['services', { rules: 'lax', token: '' }],
  ] as const) {
    const answer = await app.inject({ method: 'POST', url: `/lab/${act}`, headers: asItsPage, body })
    t.match([answer.statusCode, answer.json().code], [400, 'invalid_request'], `${act} ${JSON.stringify(body)}`)
  }
})

t.test('the page runs nothing but its own', async t => {
  const page = await app.inject({ url: '/lab', headers: asItsPage })
  t.match(page.headers['content-type'], 'text/html')
  const policy = String(page.headers['content-security-policy'])
  t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
  t.notMatch(policy, /unsafe|http|\*/)
  const loaded = [...page.body.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, link = '']) => link)
  t.strictSame(loaded, ['lab/page.css', 'lab/page.js'])
  for (const link of loaded) t.equal((await app.inject({ url: `/${link}`, headers: asItsPage })).statusCode, 200)
})
