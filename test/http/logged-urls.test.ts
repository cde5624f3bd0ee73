/** Whoever mistypes a URL puts a token there: no text of a URL is ever in the log, whatever becomes of the request. */
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { freePort } from '../helpers/process.ts'
import { exchange, request } from '../helpers/raw.ts'

const metricsPort = await freePort()
const { app, log, logIn } = await testApp(t, { docs: true, metricsPort, logLevel: 'trace' })
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as { port: number }
const { access_token: token, refresh_token: refreshToken } = await logIn()

const ending = 'Connection: close'
const long = `/refresh/${token}${'/x'.repeat(7000)}`

/** Where a token may come to stand. */
const targets = [
  ...['', '/refresh', '/me', '/logout', '/verify', '/sessions', '/users', '/users/user-2', '/health/live', '/docs'],
  ...['/docs/static', '/openapi.json', '/.well-known', '/.well-known/jwks.json', '/metrics', '/auth/me'],
].flatMap(path => [
  `${path}/${token}`,
  `${path};access_token=${token}`,
  `${path}?access_token=${token}`,
  `${path}#${token}`,
])
const strange = [
  ...[`//${token}`, `/./${token}`, `/%2e%2e/${token}`, `/%zz${token}`, `/%00${token}`, `/me%2f${token}`, `*${token}`],
  ...[`http://localhost/${token}`, `http://${token}/me`, token, `/${token.slice(0, 40)}`, long],
]
const refused = [
  ...[
    request(`GET /${token} x`, [ending]),
    request(`${token} /`, [ending]),
    `GET /${token}\r\n\r\n`,
    `${token}\r\n\r\n`,
  ],
  ...[
    request(`GET /${token}${'x'.repeat(17_000)}`),
    request('GET /me', [`X : ${token}`]),
    request(`CONNECT ${token}:443`),
  ],
  request(`GET /${token}`, ['Upgrade: websocket', 'Connection: Upgrade, close']),
  request(`GET /${token}`, [ending, `Expect: ${token}`]),
  request(`POST /login/${token}`, [ending, 'Content-Type: application/json', `Content-Length: ${token.length}`], token),
  request('GET /me', [ending, `Referer: https://app.example/?t=${token}`, `Origin: http://${token}`, `Host: ${token}`]),
  request(`GET /${token}`, [ending, `X-Forwarded-For: ${token}`, `Forwarded: for=${token}`, `Traceparent: ${token}`]),
]

t.test('no token is in the log, wherever in a URL it stood, at either listener', async t => {
  const requests = [
    ...[...targets, ...strange].flatMap(target => [
      request(`GET ${target}`, [ending]),
      request(`DELETE ${target}`, [ending, `Authorization: Bearer ${token}x`]),
      request(`POST ${target}`, [ending, 'Content-Type: application/json', 'Content-Length: 2'], '{}'),
    ]),
    ...refused,
  ]
  log.length = 0
  await Promise.all([port, metricsPort].flatMap(to => requests.map(bytes => exchange(to, bytes))))
  t.ok(log.length > targets.length, 'it does log')
  const secrets = [token, refreshToken].flatMap(one => one.split('.')).concat('eyJ', token.slice(0, 30))
  for (const line of log) {
    for (const secret of secrets) if (line.includes(secret)) t.fail(`a line holds a token: ${line.slice(0, 300)}`)
    t.ok(line.length < 1000, `${line.length} bytes`)
  }
})

t.test('a URL that is none of ours is logged as unknown, and one of ours by its route', async t => {
  const pathOf = async (url: string, method: 'GET' | 'DELETE' = 'GET') => {
    await app.inject({ method, url })
    return JSON.parse(log.at(-1) ?? '').path
  }
  for (const url of ['/nowhere', '/me/x', '/users/:id/x', '/docs/nowhere/at/all']) t.equal(await pathOf(url), 'unknown')
  t.equal(await pathOf('/me'), '/me')
  t.equal(await pathOf('/me?x=y'), '/me')
  t.equal(await pathOf('/sessions/abc', 'DELETE'), '/sessions/:id')
  t.equal(await pathOf('/docs/static/swagger-ui.css'), '/docs/static/*')
})
