/** PUBLIC_URL with a path: a gateway keeps Signet under one, beside other applications of the same host. */
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { claimsOf } from '../helpers/tokens.ts'

const publicUrl = 'https://example.com/auth'

t.test('every route but the checks is under the path', async t => {
  const { app } = await testApp(t, { publicUrl, docs: true })
  const body = { username: 'maria', password: 'demo123' }
  const login = await app.inject({ method: 'POST', url: '/auth/login', body })
  t.equal(login.statusCode, 200)
  const { access_token: token, refresh_token } = login.json()
  t.equal(claimsOf(token)['iss'], publicUrl)
  const headers = { authorization: `Bearer ${token}` }
  const status = async (url: string) => (await app.inject({ url, headers })).statusCode
  for (const url of ['/auth/me', '/auth/sessions', '/auth/.well-known/jwks.json', '/auth/openapi.json', '/auth/docs']) {
    t.equal(await status(url), 200, url)
    t.equal(await status(url.replace('/auth', '')), 404, `${url} without its path`)
  }
  for (const url of ['/verify', '/health/live', '/health/ready']) {
    t.equal(await status(url), 200, url)
    t.equal(await status(`/auth${url}`), 404, `/auth${url}`)
  }
  const refreshed = await app.inject({ method: 'POST', url: '/auth/refresh', body: { refresh_token } })
  t.equal(refreshed.statusCode, 200)
  t.equal((await app.inject({ method: 'POST', url: '/login', body })).statusCode, 404)
})

t.test('the metadata is where RFC 8414 looks for it, and its addresses are right', async t => {
  const { app } = await testApp(t, { publicUrl })
  const { issuer, ...others } = (await app.inject('/.well-known/oauth-authorization-server/auth')).json()
  t.equal(issuer, publicUrl)
  for (const [name, value] of Object.entries(others)) {
    if (!name.endsWith('_endpoint') && !name.endsWith('_uri')) continue
    const { pathname, origin } = new URL(String(value))
    t.equal(origin, 'https://example.com')
    const method = name === 'jwks_uri' ? 'GET' : 'POST'
    t.not((await app.inject({ method, url: pathname })).statusCode, 404, name)
  }
  t.match(others, {
    response_types_supported: ['none'],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
  })
  t.equal((await app.inject('/.well-known/oauth-authorization-server')).statusCode, 404, 'that of another issuer')
})

t.test('it is also where clients look that know OpenID Connect first, with or without a path', async t => {
  const paths: [string, string[], string[]][] = [
    ['https://example.com', ['/.well-known/openid-configuration'], ['/auth/.well-known/openid-configuration']],
    [
      publicUrl,
      ['/auth/.well-known/openid-configuration', '/.well-known/openid-configuration/auth'],
      ['/.well-known/openid-configuration', '/auth/.well-known/oauth-authorization-server'],
    ],
  ]
  for (const [issuer, aliases, others] of paths) {
    const { app } = await testApp(t, { publicUrl: issuer })
    const { pathname } = new URL(issuer)
    const metadata = await app.inject(`/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`)
    t.match(metadata.json(), { issuer, response_types_supported: ['none'] })
    for (const url of aliases) {
      const answer = await app.inject(url)
      t.equal(answer.statusCode, 200, url)
      t.strictSame(answer.json(), metadata.json())
      const { 'cache-control': caching, 'access-control-allow-origin': readers } = answer.headers
      t.strictSame([caching, readers], ['public, max-age=300', '*'])
    }
    for (const url of others) t.equal((await app.inject(url)).statusCode, 404, url)
  }
})

t.test('cookies go to the whole host, and our pages are those of the origin', async t => {
  const { app } = await testApp(t, { publicUrl })
  const body = { username: 'maria', password: 'demo123', mode: 'cookie' }
  const logIn = (origin: string) => app.inject({ method: 'POST', url: '/auth/login', headers: { origin }, body })
  const answer = await logIn('https://example.com')
  t.equal(answer.statusCode, 200)
  for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) t.match(cookie, /^__Host-signet_\w+=.*; Path=\/;/)
  t.equal((await logIn('https://example.org')).statusCode, 403)
  t.equal((await logIn(publicUrl)).statusCode, 403, 'an origin has no path')
})

t.test('the document tells the addresses under the path', async t => {
  const { app } = await testApp(t, { publicUrl, docs: true })
  const document = (await app.inject('/auth/openapi.json')).json()
  const base = new URL(document.servers[0].url, `${publicUrl}/openapi.json`).href.replace(/\/$/, '')
  for (const [path, methods] of Object.entries<Record<string, { servers?: { url: string }[] }>>(document.paths)) {
    for (const [method, { servers }] of Object.entries(methods)) {
      const server = servers ? new URL(servers[0]?.url ?? '', publicUrl).href.replace(/\/$/, '') : base
      const url = new URL(`${server}${path.replace(/\{\w+\}/g, 'x')}`).pathname
      const answer = await app.inject({ method: method as 'GET', url, ...(method === 'post' && { body: {} }) })
      t.not(answer.json().code, 'not_found', `${method} ${url}`)
    }
  }
})
