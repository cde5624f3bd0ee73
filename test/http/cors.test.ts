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
      'access-control-allow-headers':
        'authorization, content-type, if-none-match, sentry-trace, baggage, traceparent, tracestate',
      'access-control-max-age': '600',
      'x-content-type-options': 'nosniff',
      vary: 'Origin',
    })
    const half = await app.inject({ method: 'OPTIONS', url: '/login', headers: { origin } })
    t.equal(half.statusCode, 204, 'what names no method is told the same, not refused by a text')

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

t.test('CORS_ORIGINS lets pages of other sites use bearer tokens, never cookies', async t => {
  const [cookiePage, bearerPage] = ['https://app.example.com', 'https://app.other.net']
  const { app } = await testApp(t, {
    publicUrl: 'https://auth.example.com',
    cookieOrigins: [cookiePage],
    corsOrigins: [bearerPage, cookiePage],
  })
  const tracing = { ...preflight, 'access-control-request-headers': 'authorization,sentry-trace,baggage,traceparent' }
  const asked = await app.inject({ method: 'OPTIONS', url: '/login', headers: { origin: bearerPage, ...tracing } })
  t.equal(asked.statusCode, 204)
  t.equal(asked.headers['access-control-allow-origin'], bearerPage)
  t.equal(asked.headers['access-control-allow-credentials'], undefined)
  const allowed = String(asked.headers['access-control-allow-headers']).split(', ')
  for (const name of tracing['access-control-request-headers'].split(',')) t.ok(allowed.includes(name), name)

  const body = { username: 'maria', password: 'demo123' }
  const login = (origin: string, more = {}) =>
    app.inject({ method: 'POST', url: '/login', headers: { origin }, body: { ...body, ...more } })
  const answer = await login(bearerPage)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['access-control-allow-origin'], bearerPage)
  isProblem(t, await login(bearerPage, { mode: 'cookie' }), 403, 'cross_site', 'a page of another site')
  t.equal((await login(cookiePage)).headers['access-control-allow-credentials'], 'true')
  t.strictSame(corsHeaders((await login('https://evil.net')).headers), [])
})

t.test('CORS_ORIGINS=* is every page, without cookies; our own list keeps them', async t => {
  const cookiePage = 'https://app.example.com'
  for (const cookieOrigins of [[], [cookiePage]]) {
    const { app } = await testApp(t, { publicUrl: 'https://auth.example.com', cookieOrigins, corsOrigins: ['*'] })
    for (const origin of strangers) {
      const { headers } = await app.inject({ url: '/me', headers: { origin } })
      t.equal(headers['access-control-allow-origin'], '*', origin)
      t.equal(headers['access-control-allow-credentials'], undefined)
    }
    const { headers } = await app.inject({ url: '/me', headers: { origin: cookiePage } })
    t.equal(headers['access-control-allow-credentials'], cookieOrigins.length > 0 ? 'true' : undefined)
  }
})

t.test('every page may read the public keys and the metadata', async t => {
  for (const cookieOrigins of [[], listed]) {
    const { app } = await testApp(t, { publicUrl: 'https://auth.example.com', cookieOrigins })
    for (const url of ['/.well-known/jwks.json', '/.well-known/oauth-authorization-server']) {
      for (const headers of [{}, { origin: 'https://evil.net' }, { origin: listed[0] ?? '' }]) {
        const answer = await app.inject({ url, headers })
        t.equal(answer.statusCode, 200)
        t.equal(answer.headers['access-control-allow-origin'], '*', url)
        t.equal(answer.headers['cross-origin-resource-policy'], 'cross-origin')
        t.equal(answer.headers['access-control-allow-credentials'], undefined)
        const head = await app.inject({ method: 'HEAD', url, headers })
        t.equal(head.headers['access-control-allow-origin'], '*', `HEAD ${url}`)
      }
      const asks = { origin: 'https://evil.net', ...preflight, 'access-control-request-headers': 'traceparent' }
      const asked = await app.inject({ method: 'OPTIONS', url, headers: asks })
      t.equal(asked.statusCode, 204)
      t.match(asked.headers, {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD',
        'access-control-allow-headers': /traceparent/,
        'access-control-max-age': '600',
      })
    }
  }
})

t.test('a preflight is no way past /verify, which gateways ask with the method of the request', async t => {
  for (const lists of [{ cookieOrigins: listed }, { corsOrigins: listed }, { corsOrigins: ['*'] }]) {
    const { app } = await testApp(t, { publicUrl: 'https://auth.example.com', ...lists })
    const headers = { origin: listed[0] ?? '', ...preflight }
    isProblem(t, await app.inject({ method: 'OPTIONS', url: '/verify', headers }), 401, 'missing_token', 'no token')
  }
})
