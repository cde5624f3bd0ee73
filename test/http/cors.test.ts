/** CORS: nothing by default, and with COOKIE_ORIGINS exactly those origins. */
import t from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'

const listed = ['https://app.example.com', 'https://admin.example.com:8443']
const strangers = [
  'https://app.example.com.evil.com',
  'https://evil-app.example.com',
  'https://a.app.example.com',
  'https://example.com',
  'https://app.example.com:8443',
  'https://admin.example.com',
  'http://app.example.com',
  'https://APP.example.com',
  'https://app.example.com/',
  'https://app.example.com, https://evil.com',
  'https://auth.example.com',
  'null',
  '*',
  '',
]
const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }

const corsHeaders = (headers: object) => Object.keys(headers).filter(name => name.startsWith('access-control-'))

t.test('without COOKIE_ORIGINS no answer says anything about other origins', async t => {
  const { app } = await testApp(t, { publicUrl: 'https://auth.example.com' })
  for (const origin of [...listed, ...strangers]) {
    const answers = [
      await app.inject({ method: 'OPTIONS', url: '/login', headers: { origin, ...preflight } }),
      await app.inject({ url: '/me', headers: { origin } }),
    ]
    t.strictSame(
      answers.map(({ statusCode }) => statusCode),
      [404, 401],
    )
    for (const { headers } of answers) {
      t.strictSame(corsHeaders(headers), [], origin)
      t.equal(headers.vary, undefined)
    }
  }
})

t.test('a listed origin may call with credentials and read what it needs', async t => {
  const { app } = await testApp(t, { publicUrl: 'https://auth.example.com', cookieOrigins: listed })
  for (const origin of listed) {
    const asked = await app.inject({ method: 'OPTIONS', url: '/login', headers: { origin, ...preflight } })
    t.equal(asked.statusCode, 204)
    t.match(asked.headers, {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'authorization, content-type',
      'x-content-type-options': 'nosniff',
      vary: 'Origin',
    })

    const body = { username: 'maria', password: 'demo123', mode: 'cookie' }
    const login = await app.inject({ method: 'POST', url: '/login', headers: { origin }, body })
    const failures = [
      await app.inject({ url: '/me', headers: { origin } }),
      await app.inject({ url: '/nowhere', headers: { origin } }),
      await app.inject({
        method: 'POST',
        url: '/refresh',
        headers: { origin, 'content-type': 'text/plain' },
        body: 'x',
      }),
    ]
    t.equal(login.statusCode, 200)
    for (const { headers } of [login, ...failures]) {
      t.match(headers, {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'signet-refresh, retry-after, www-authenticate',
        vary: 'Origin',
      })
    }
  }
})

t.test('anybody else is told nothing, and caches are told that it depends on who asks', async t => {
  const { app } = await testApp(t, { publicUrl: 'https://auth.example.com', cookieOrigins: listed })
  for (const origin of [...strangers, undefined]) {
    const who = origin === undefined ? {} : { origin }
    const asked = await app.inject({ method: 'OPTIONS', url: '/login', headers: { ...who, ...preflight } })
    isProblem(t, asked, 404, 'not_found', `${origin}`)
    const answer = await app.inject({ url: '/me', headers: who })
    for (const { headers } of [asked, answer]) {
      t.strictSame(corsHeaders(headers), [], `${origin}`)
      t.equal(headers.vary, 'Origin')
    }
  }
})

t.test('CORS decides who may read, not who may act: an unlisted origin is refused all the same', async t => {
  const { app } = await testApp(t, { publicUrl: 'https://auth.example.com', cookieOrigins: listed })
  for (const origin of strangers) {
    const body = { username: 'maria', password: 'demo123', mode: 'cookie' }
    const answer = await app.inject({ method: 'POST', url: '/login', headers: { origin }, body })
    if (origin === 'https://auth.example.com') t.equal(answer.statusCode, 200, 'our own origin needs no CORS')
    else isProblem(t, answer, 403, 'cross_site', origin)
  }
})
