/** Judged by strangers: certified client code talks to a running server, without knowing what it is. */
import { randomBytes } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import t, { type Test } from 'tap'
import { freePort, postJson } from '../helpers/process.ts'
import { startService } from '../helpers/service.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const resourceServer = { id: 'orders', secret: randomBytes(32).toString('base64') }

async function serve(t: Test, env: Record<string, string> = {}) {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  await startService(t, {
    PORT: String(port),
    PUBLIC_URL: issuer,
    JWT_AUDIENCE: 'https://api.example.com',
    JWT_ALGORITHM: 'ES256',
    RESOURCE_SERVERS: `${resourceServer.id}:${resourceServer.secret}`,
    ...env,
  })
  const response = await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...insecure })
  return { issuer, server: await oauth.processDiscoveryResponse(new URL(issuer), response) }
}

const client: oauth.Client = { client_id: 'signet' }
const { secret } = resourceServer

async function passwordGrant(issuer: string) {
  const form = new URLSearchParams({ grant_type: 'password', username: 'maria', password: 'demo123' })
  const response = await fetch(`${issuer}/token`, { method: 'POST', body: form })
  return (await response.json()) as { access_token: string; refresh_token: string }
}

t.test('discovery, refresh grant, introspection and revocation work with oauth4webapi', async t => {
  const { issuer, server } = await serve(t)
  t.equal(server.issuer, issuer)
  const tokens = await passwordGrant(issuer)

  const refreshed = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token, insecure),
  )
  t.equal(refreshed.token_type, 'bearer')

  const rs: oauth.Client = { client_id: resourceServer.id }
  const introspect = async (token: string) =>
    oauth.processIntrospectionResponse(
      server,
      rs,
      await oauth.introspectionRequest(server, rs, oauth.ClientSecretBasic(secret), token, insecure),
    )
  t.match(await introspect(refreshed.access_token), {
    active: true,
    sub: 'user-2',
    username: 'maria',
    role: 'user',
    iss: issuer,
    aud: 'https://api.example.com',
    token_type: 'Bearer',
  })
  t.strictSame(await introspect(refreshed.refresh_token ?? ''), { active: false }, 'a refresh token is never active')
  t.strictSame(await introspect('garbage'), { active: false })

  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, oauth.None(), refreshed.refresh_token ?? '', insecure),
  )
  t.strictSame(await introspect(refreshed.access_token), { active: false }, 'revoking one ends the session')
  const dead = await oauth.refreshTokenGrantRequest(
    server,
    client,
    oauth.None(),
    refreshed.refresh_token ?? '',
    insecure,
  )
  const error = await oauth.processRefreshTokenResponse(server, client, dead).catch((reason: unknown) => reason)
  t.match(error, { error: 'invalid_grant', error_description: 'Token revoked' })
})

for (const algorithm of ['ES256', 'EdDSA', 'RS256']) {
  t.test(`${algorithm} access tokens are those of RFC 9068, and jose verifies them by the JWKS`, async t => {
    const { issuer, server } = await serve(t, { JWT_ALGORITHM: algorithm })
    const { access_token: token } = await passwordGrant(issuer)

    const request = new Request('https://api.example.com/', { headers: { authorization: `Bearer ${token}` } })
    const claims = await oauth.validateJwtAccessToken(server, request, 'https://api.example.com', insecure)
    t.match(claims, { sub: 'user-2', client_id: 'signet', iss: issuer })

    const jwks = createRemoteJWKSet(new URL(server.jwks_uri ?? ''))
    const expected = { issuer, audience: 'https://api.example.com', typ: 'at+jwt' }
    t.equal((await jwtVerify(token, jwks, expected)).payload.sub, 'user-2')
  })
}

t.test('introspection is for known services only', async t => {
  const { issuer } = await serve(t)
  const { access_token: token } = await passwordGrant(issuer)
  const ask = async (authorization?: string, method = 'POST') => {
    const body = method === 'POST' ? new URLSearchParams({ token }) : null
    const response = await fetch(`${issuer}/introspect`, {
      method,
      body,
      ...(authorization && { headers: { authorization } }),
    })
    return { status: response.status, challenge: response.headers.get('www-authenticate'), body: await response.json() }
  }
  const basic = (id: string, password: string) => `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`

  for (const wrong of [
    undefined,
    basic('orders', 'wrong'),
    basic('nobody', secret),
    basic('', ''),
    `Bearer ${token}`,
  ]) {
    const refused = await ask(wrong)
    t.equal(refused.status, 401)
    t.equal(refused.challenge, 'Basic realm="signet"')
    t.match(refused.body, { error: 'invalid_client' })
  }
  t.match((await ask(basic('orders', secret))).body, { active: true }, 'credentials that are not form-encoded')
  t.equal((await ask(basic('orders', secret), 'GET')).status, 404)
})

t.test('revocation answers 200 to any token, and 400 to none', async t => {
  const { issuer } = await serve(t)
  const revoke = (form: Record<string, string>) =>
    fetch(`${issuer}/revoke`, { method: 'POST', body: new URLSearchParams(form) })
  for (const token of ['garbage', 'a.b.c']) {
    const answer = await revoke({ token })
    t.equal(answer.status, 200)
    t.match(answer.headers.get('content-type'), /^application\/json/)
    t.strictSame(await answer.json(), {})
  }
  const { access_token: token, refresh_token: refreshToken } = await passwordGrant(issuer)
  t.equal((await revoke({ token, token_type_hint: 'refresh_token' })).status, 200, 'a wrong hint does no harm')
  const refused = await postJson(`${issuer}/refresh`, { refresh_token: refreshToken })
  t.match(await refused.json(), { detail: 'Token revoked' })
  t.match(await (await revoke({})).json(), { error: 'invalid_request' })
})

t.test('the metadata does not believe a Host header, has no empty list, and may be kept', async t => {
  const { issuer } = await serve(t, { PASSWORD_FORM: 'off' })
  const response = await fetch(`${issuer}/.well-known/oauth-authorization-server`, {
    headers: { host: 'evil.example' },
  })
  const metadata = (await response.json()) as Record<string, unknown>
  t.equal(metadata['issuer'], issuer)
  t.strictSame(metadata['grant_types_supported'], ['refresh_token'])
  t.match(response.headers.get('cache-control'), /^public, max-age=\d+$/)
  for (const [name, one] of Object.entries(metadata)) t.notSame(one, [], name)
})
