/** What every gateway of `deploy/` promises, and the requests that would break a promise. */
import type { Test } from 'tap'
import { ask } from '../helpers/gateways.ts'
import { waitUntil } from '../helpers/process.ts'
import { claimsOf } from '../helpers/tokens.ts'
import { bearer, identityNames, login, named, type Setup } from './setup.ts'

export async function keepsItsPromises(t: Test, setup: Setup): Promise<void> {
  const { name, signet, publicUrl, url, logIn, receives } = setup
  const { access_token: token, refresh_token: refreshToken } = await logIn()
  const { sid, exp } = claimsOf(token)
  const identity = ['user-2', 'maria', '-', 'user', sid, String(exp)]

  await t.test('the application learns who is asking, and gets the request unchanged', async t => {
    const body = JSON.stringify({ text: 'ä'.repeat(1000) })
    const sent = { method: 'POST', headers: [...bearer(token), 'X-Own', 'kept', 'Content-Type', 'text/plain'], body }
    const received = await receives(sent, '/orders/1?role=admin&a=%20b')
    t.match(received, { method: 'POST', url: '/orders/1?role=admin&a=%20b', body })
    t.strictSame(
      identityNames.flatMap(name => named(received, name)),
      identity,
    )
    t.strictSame(named(received, 'x-own'), ['kept'])
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const { status } = await ask(`${url}/orders`, { method, headers: bearer(token) })
      t.equal(status, 200, method)
    }
  })

  await t.test('a header that names another as of this connection only takes nothing away', async t => {
    const names = `close, ${identityNames.join(', ')}, X-Forwarded-For, Cookie`
    const received = await receives({ headers: ['Connection', names, ...bearer(token)] })
    t.strictSame(
      identityNames.flatMap(name => named(received, name)),
      identity,
    )
    t.strictSame(named(received, 'x-forwarded-for'), ['127.0.0.1'])
  })

  await t.test('tokens do not reach the application; other cookies do', async t => {
    const access = `__Host-signet_access=${token}`
    const refresh = `__Host-signet_refresh=${refreshToken}`
    const cookies: [string[], string][] = [
      [[`${access}; ${refresh}`], ''],
      [[`a=1; ${access}; b=2; ${refresh}; c=3`], 'a=1; b=2; c=3'],
      [[`${access}; a=1; b="x y"`], 'a=1; b="x y"'],
      [[`a=1;${refresh}`], 'a=1'],
      [[`a=1; ${access}; b=2; ${refresh}; c=3; __Host-signet_device=${refreshToken}; d=4`], 'a=1; b=2; c=3; d=4'],
      [[`a=1; \t__Host-signet_access = ${token};b=2`], 'a=1'],
      [['a=1; not__Host-signet_access=2'], 'a=1; not__Host-signet_access=2'],
      [['a=1; b=2'], 'a=1; b=2'],
    ]
    for (const [sent, kept] of cookies) {
      const headers = [...bearer(token), ...sent.flatMap(value => ['Cookie', value])]
      const received = await receives({ headers })
      t.notOk(JSON.stringify(received).includes(token), `no access token after ${kept}`)
      t.notOk(JSON.stringify(received).includes(refreshToken), `no refresh token after ${kept}`)
      t.strictSame(named(received, 'authorization'), [])
      if (!sent[0]?.includes(' = ')) t.equal(named(received, 'cookie').join(''), kept)
    }
    for (const sent of [
      [`${access}; ${access}; a=1; ${refresh}; ${refresh}`],
      ['a=1', access, `b=2; ${refresh}`, `${refresh}; c=3`],
      [`__host-SIGNET_access=${token}; a=1`],
    ]) {
      const received = await receives({ headers: [...bearer(token), ...sent.flatMap(value => ['Cookie', value])] })
      t.notOk(JSON.stringify(received).includes(token), 'whoever sends more than a browser would')
      t.notOk(JSON.stringify(received).includes(refreshToken))
    }
  })

  await t.test('without a good token it is 401 with the challenge, and the application hears nothing', async t => {
    const wrong: [string, string[], RegExp][] = [
      ['no token', [], /^Bearer realm="signet"$/],
      ['a wrong token', bearer(`${token}x`), /^Bearer error="invalid_token"/],
      ['a refresh token', bearer(refreshToken), /^Bearer error="invalid_token"/],
      ['no JWT', bearer('garbage'), /^Bearer error="invalid_token"/],
      ['another scheme', ['Authorization', 'Basic dDp0'], /^Bearer realm="signet"$/],
      [
        'a wrong header beside a good cookie',
        ['Authorization', 'Bearer x', 'Cookie', `__Host-signet_access=${token}`],
        /^Bearer/,
      ],
    ]
    for (const [name, headers, challenge] of wrong) {
      const { status, headers: got, body } = await ask(`${url}/orders`, { headers })
      t.equal(status, 401, name)
      t.match(got['www-authenticate'], challenge, name)
      t.notOk(body.includes('/orders'), name)
    }
  })

  await t.test('in cookie mode our own pages pass, foreign ones and doubled cookies do not', async t => {
    const own = { ...login('maria', { mode: 'cookie' }) }
    const answer = await ask(`${url}/login`, { ...own, headers: [...(own.headers ?? []), 'Origin', publicUrl] })
    t.equal(answer.status, 200)
    const cookies = (answer.headers['set-cookie'] ?? []).map(one => one.split(';', 1)[0] ?? '')
    t.equal(cookies.length, 3, 'two tokens and the device')
    const [access = ''] = cookies
    const status = async (...headers: string[]) => (await ask(`${url}/orders`, { method: 'POST', headers })).status

    const received = await receives({ headers: ['Cookie', `a=1; ${cookies.join('; ')}`] })
    t.strictSame(named(received, 'x-auth-username'), ['maria'])
    t.strictSame(named(received, 'cookie'), ['a=1'])
    t.equal(await status('Cookie', access, 'Origin', publicUrl), 200)
    t.equal(await status('Cookie', access, 'Origin', 'https://evil.example'), 403)
    t.equal(await status('Cookie', access, 'Origin', 'null'), 403)
    t.equal(await status('Cookie', `${access}; ${access}`), 401)
    t.equal(await status('Cookie', access, 'Authorization', 'Bearer wrong'), 401)
    t.equal(await status('Cookie', access, 'Authorization', 'Basic dDp0'), 200, 'a password in front of it all')
    const besideBasic = await receives({ headers: ['Cookie', access, 'Authorization', 'Basic dDp0'] })
    t.strictSame(named(besideBasic, 'x-auth-username'), ['maria'])
    const refreshed = await ask(`${url}/refresh`, {
      method: 'POST',
      headers: ['Cookie', cookies.join('; '), 'Origin', publicUrl],
    })
    t.equal(refreshed.status, 200)
  })

  await t.test('a role can be asked for', async t => {
    const { access_token: admin } = await logIn('thirdy')
    t.equal((await ask(`${url}/admin/users`, { headers: bearer(admin) })).status, 200)
    t.equal((await ask(`${url}/admin/users?role=user`, { headers: bearer(token) })).status, 403)
    t.equal((await ask(`${url}/admin`, { headers: bearer(token) })).status, 403)
    t.equal((await ask(`${url}/%61dmin/users`, { headers: bearer(token) })).status, 403)
    t.equal((await ask(`${url}/admin`)).status, 401)
  })

  await t.test("Signet's own requests pass, its checks and probes do not", async t => {
    const me = await ask(`${url}/me`, { headers: bearer(token) })
    t.match(JSON.parse(me.body), { user_id: 'user-2' })
    const form = 'grant_type=password&username=maria&password=demo123'
    const grant = await ask(`${url}/token`, {
      method: 'POST',
      headers: ['Content-Type', 'application/x-www-form-urlencoded'],
      body: form,
    })
    t.equal(grant.status, 200)
    t.equal((await ask(`${url}/.well-known/oauth-authorization-server`)).status, 200)
    t.equal((await ask(`${url}/.well-known/openid-configuration`)).status, 200)
    for (const path of ['/verify', '/verify?role=user', '/%76erify', '//verify', '/me/../verify', '/health/ready']) {
      const { headers, body } = await ask(`${url}${path}`, { headers: bearer(token) })
      t.equal(headers['x-auth-user-id'], undefined, path)
      t.notMatch(body, /"status":"ready"/, path)
    }
  })

  await t.test("Signet sees the client's address, whatever the client wrote", async t => {
    const lies = ['X-Forwarded-For', '203.0.113.7', 'X-Real-IP', '203.0.113.7', 'Forwarded', 'for=203.0.113.7']
    const sent = login('maria')
    const answer = await ask(`${url}/login`, {
      ...sent,
      headers: [...lies, ...(sent.headers ?? [])],
      from: '127.0.0.9',
    })
    const sessions = await ask(`${signet.url}/sessions`, { headers: bearer(JSON.parse(answer.body).access_token) })
    const { sessions: list } = JSON.parse(sessions.body) as { sessions: { ip: string; current: boolean }[] }
    t.equal(list.find(({ current }) => current)?.ip, '127.0.0.9')
    const received = await receives({ headers: [...lies, ...bearer(token)], from: '127.0.0.9' })
    t.strictSame(named(received, 'x-forwarded-for'), ['127.0.0.9'])
    const more = ['X-Forwarded-Host', 'evil.example', 'X-Forwarded-Proto', 'https']
    const reached = await receives({ headers: [...more, ...bearer(token)] })
    t.strictSame(named(reached, 'x-forwarded-proto'), ['http'], 'nor is it believed about where it wanted to go')
    t.match(named(reached, 'x-forwarded-host').join(), /^127\.0\.0\.1(:\d+)?$/)
    if (name === 'haproxy') return // which asks nobody
    const checked = () =>
      signet
        .output()
        .split('\n')
        .filter(line => line.includes('"path":"/verify"'))
    await receives({ headers: bearer(token), from: '127.0.0.10' })
    await waitUntil(async () => checked().some(line => line.includes('"ip":"127.0.0.10"')))
  })
}

/** With PUBLIC_URL under a path: clients have limits of their own behind the gateway, and a header buys nobody another one. */
export async function limitsEachClient(t: Test, { url }: Setup): Promise<void> {
  const attempt = async (from: string, i: number) => {
    const sent = login('maria')
    const headers = ['X-Forwarded-For', `203.0.113.${i}`, 'X_Forwarded_For', `203.0.113.${i}`, ...(sent.headers ?? [])]
    return (await ask(`${url}/auth/login`, { ...sent, headers, from })).status
  }
  const statuses: number[] = []
  for (let i = 0; i < 4; i++) statuses.push(await attempt('127.0.0.5', i))
  t.strictSame(statuses, [200, 200, 429, 429])
  t.equal(await attempt('127.0.0.6', 9), 200)
}

/** Signet under a path, the application beside it. */
export async function keepsSignetUnderAPath(t: Test, { url, publicUrl, logIn, receives }: Setup): Promise<void> {
  const { access_token: token } = await logIn()
  t.match(claimsOf(token), { iss: publicUrl, aud: publicUrl })
  const status = async (path: string) => (await ask(`${url}${path}`, { headers: bearer(token) })).status
  t.equal(await status('/auth/me'), 200)
  t.equal(await status('/.well-known/oauth-authorization-server/auth'), 200)
  t.equal(await status('/auth/.well-known/jwks.json'), 200)
  t.equal(await status('/auth/.well-known/openid-configuration'), 200)
  t.equal(await status('/.well-known/openid-configuration/auth'), 200)
  for (const path of ['/me', '/login', '/users', '/.well-known/jwks.json', '/auth/verify', '/auth/health/ready']) {
    const received = await receives({ headers: bearer(token) }, path)
    t.match(received, { url: path }, `${path} is the application's`)
  }
  const cookie = await ask(`${url}/auth/login`, {
    ...login('maria', { mode: 'cookie' }),
    headers: ['Content-Type', 'application/json', 'Origin', 'https://auth.example.com'],
  })
  const [access = ''] = (cookie.headers['set-cookie'] ?? []).map(one => one.split(';', 1)[0] ?? '')
  const post = async (origin: string) =>
    (await ask(`${url}/orders`, { method: 'POST', headers: ['Cookie', access, 'Origin', origin] })).status
  t.equal(await post('https://auth.example.com'), 200, 'an origin has no path')
  t.equal(await post('https://auth.example.com.evil.net'), 403)
  t.equal(await post('https://auth.example'), 403)
}

/** Headers that are too much for Signet are a mistake of the client's, not an outage of /verify. */
export async function refusesTooManyHeaders(t: Test, { url, logIn, receives }: Setup): Promise<void> {
  const { access_token: token } = await logIn()
  const more = (count: number) => Array.from({ length: count }, (_, i) => [`X-Own-${i}`, 'x'.repeat(3000)]).flat()
  const received = await receives({ headers: [...bearer(token), ...more(3)] })
  t.strictSame(named(received, 'x-own-2'), ['x'.repeat(3000)])
  for (const count of [6, 7, 8, 9]) {
    const { status } = await ask(`${url}/orders`, { headers: [...bearer(token), ...more(count)] })
    t.ok(status >= 400 && status < 500, `${count * 3000} bytes: ${status}`)
  }
}

/** Nobody passes while Signet is away, and who ended a session notices at once. */
export async function failsClosed(t: Test, { signet, url, logIn }: Setup): Promise<void> {
  const [{ access_token: ended }, { access_token: token }] = [await logIn(), await logIn()]
  const status = async (one: string) => (await ask(`${url}/orders`, { headers: bearer(one) })).status
  t.equal(await status(ended), 200)
  t.equal((await ask(`${url}/logout`, { method: 'POST', headers: bearer(ended) })).status, 204)
  t.equal(await status(ended), 401, 'an ended session')
  t.equal(await status(token), 200)

  await signet.stop('SIGKILL')
  for (let i = 0; i < 3; i++) t.equal(await status(token), 503)
  for (const path of ['/orders', '/admin', '/me', '/refresh']) {
    const { status, headers, body } = await ask(`${url}${path}`, { headers: bearer(token) })
    t.equal(status, 503, path)
    t.match(headers, { 'retry-after': '1', 'cache-control': 'no-store' }, `${path}: for now, and nobody keeps it`)
    t.match(headers['content-type'], /^application\/problem\+json/, path)
    t.match(JSON.parse(body), { status: 503, code: 'unavailable' }, path)
  }
}
