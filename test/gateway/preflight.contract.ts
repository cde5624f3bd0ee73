/** A CORS preflight shows no credentials: it reaches the application, and nothing else passes for one. */
import type { Test } from 'tap'
import { ask } from '../helpers/gateways.ts'
import { exchange, request } from '../helpers/raw.ts'
import { cgiName } from './identity.contract.ts'
import { bearer, named, type Setup } from './setup.ts'

const close = 'Connection: close'

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
  t.equal(await status('OPTIONS', [...asks, 'Cookie', ';x']), 401)
  t.equal(await status('OPTIONS', [...asks.slice(2, 3), 'PUT;x']), 401)
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
