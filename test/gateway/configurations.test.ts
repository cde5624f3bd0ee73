/** The three configurations say the same, as far as they can: one list of headers, one of paths. No gateway is needed. */
import t from 'tap'
import { type ErrorCode, errors, SignetError } from '../../src/base/errors.ts'
import { identityHeaders } from '../../src/wire/identity-headers.ts'
import { problemOf } from '../../src/wire/problem.ts'
import { testApp } from '../helpers/app.ts'
import { configurationOf, deniedHeaders, gatewayNames, signetPaths, strangePaths } from './configurations.ts'
import { lines } from './gateway-lines.ts'

/** What Signet tells of who is asking. */
const claims = { sub: 'x', username: 'x', email: 'x', role: 'x', sid: 'x', exp: 1 } as never
const identity = Object.keys(identityHeaders(claims)).sort()

t.test('all of them take the same headers from what a client sends, each once', async t => {
  const lists = gatewayNames.map(name => deniedHeaders(name).sort())
  for (const list of lists) {
    t.strictSame(list, lists[0])
    t.equal(new Set(list.map(name => name.toLowerCase())).size, list.length)
  }
  const denied = new Set(lists[0]?.map(name => name.toLowerCase()))
  for (const name of identity) t.ok(denied.has(name), name)
  for (const name of [
    'x-auth-groups',
    'x-forwarded-prefix',
    'remote-user',
    'x-forwarded-user',
    'forwarded',
    'x-real-ip',
  ]) {
    t.ok(denied.has(name), name)
  }
})

t.test('Caddy tells the application all of it, wherever it asks', async t => {
  const lines = [...configurationOf('caddy').matchAll(/copy_headers (.+)/g)].map(([, names = '']) => names)
  t.equal(lines.length, 2, 'at /admin, and at all other paths')
  for (const names of lines) t.strictSame(names.toLowerCase().split(' ').sort(), identity)
})

t.test('all of them refuse the same paths', async t => {
  const [first, ...others] = gatewayNames.map(strangePaths)
  t.ok(first && new RegExp(first, 'i').test('//'))
  for (const other of others) t.equal(other, first)
})

t.test("all of them let through the same requests of Signet's own: every route but the checks", async t => {
  const [first = '', ...others] = gatewayNames.map(signetPaths)
  for (const other of others) t.equal(other, first)
  const expression = new RegExp(first)
  const { app } = await testApp(t, { docs: true })
  // `│   └── /:id (DELETE)` belongs to the line above with one step less.
  const parents: string[] = []
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods] = /^([│ ]*)[├└]── (\S*)(?: \((.+)\))?$/.exec(line) ?? []
    const depth = indent.length / 4
    parents[depth] = (depth > 0 ? parents[depth - 1] : '') + part
    const path = parents[depth].replaceAll(/:\w+|\*$/g, 'x')
    // What `/` leads to is for whoever opens the service itself; behind a gateway it is the application's.
    if (methods && path.startsWith('/')) t.equal(expression.test(path), !/^\/(verify|health|$)/.test(path), path)
  }
  for (const path of ['/', '/verify', '/health/live', '/loginx', '/x/login', '/tokens', '/admin']) {
    t.notOk(expression.test(path), path)
  }
})

t.test("what they answer by themselves is a line of Signet's own table, and nobody keeps it", async t => {
  const problems = new Set(
    (Object.keys(errors) as ErrorCode[]).map(code => JSON.stringify(problemOf(new SignetError(code, '')))),
  )
  // The one status that Signet has no line for.
  const strange = new Map([['411', 'Length Required']])
  for (const name of gatewayNames) {
    const lines = configurationOf(name)
      .split('\n')
      .filter(line => line.includes('about:blank'))
    t.ok(lines.length > 0, name)
    for (const line of lines) {
      const [body = ''] = /\{"type".*?\}/.exec(line) ?? []
      const { title, status } = JSON.parse(body)
      if (strange.get(String(status)) !== title) t.ok(problems.has(body), `${name}: ${body}`)
      const [, said] = /(?:return(?: status)?|`) (\d{3})(?: |$)/.exec(line) ?? []
      t.equal(said, String(status), `${name}: ${line}`)
      if (name === 'haproxy')
        t.match(line, /content-type application\/problem\+json (hdr WWW-Authenticate .* )?hdr Cache-Control no-store/)
      if (name === 'haproxy' && status === 401) t.match(line, 'hdr WWW-Authenticate')
    }
  }
})

t.test('Caddy gives a connection up before an instance that stops closes it', async t => {
  const kept = [...configurationOf('caddy').matchAll(/keepalive (\d+)s$/gm)].map(([, seconds]) => Number(seconds))
  t.equal(kept.length, 1)
  t.ok(kept.every(seconds => seconds < 3)) // so long an instance says that it will stop
})

t.test('an instance that says it will stop gets nothing before it does', async t => {
  const [, every = '', fall = ''] = /check inter (\d+)ms fall (\d+) /.exec(configurationOf('haproxy')) ?? []
  const [, interval = ''] = /health_interval (\d+)ms/.exec(configurationOf('caddy')) ?? []
  t.ok(Number(every) * Number(fall) < 2000, 'HAProxy') // of 3 seconds
  t.ok(Number(interval) < 2000, 'Caddy') // which counts one answer
  t.match(configurationOf('haproxy'), 'http-check expect status 200')
  for (const name of ['haproxy', 'caddy'] as const) t.match(configurationOf(name), /uri \/health\/ready/)
})

t.test('what is said of machines that are away, slow or many is said for a reason', async t => {
  for (const name of gatewayNames) {
    const said = configurationOf(name).replaceAll(/^\s+|[ \t]+#.*$|[ \t]+$/gm, '')
    for (const [line, why] of lines[name]) t.ok(`\n${said}\n`.includes(`\n${line}\n`), `${name}: ${line}: ${why}`)
  }
})

t.test('no expression of theirs is one that backtracks', async t => {
  for (const name of gatewayNames) {
    // Two quantifiers that may take the same characters, one of them without end.
    t.notMatch(configurationOf(name), /\(\.\*\?\)\[|\(\?:\.\*;\)\?/, name)
  }
})
