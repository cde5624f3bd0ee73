/** Over a socket the headers of every answer are one text, made once: they must be those that an answer without one has. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { testApp } from '../helpers/app.ts'

/** What differs from one answer to the next, or belongs to the connection. */
const own = new Set([
  'date',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'etag',
  'last-modified',
])

type Headers = [name: string, value: string][]

const comparable = (headers: Headers) =>
  headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !own.has(name))
    // What may be kept has none over a socket.
    .filter(([name], _, all) => name !== 'pragma' || all.some(([, value]) => value === 'no-store'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

const asked = [
  ['GET', '/me', {}],
  ['GET', '/me', { authorization: 'Bearer TOKEN' }],
  ['GET', '/verify', { authorization: 'Bearer TOKEN' }],
  ['GET', '/health/live', {}],
  ['GET', '/health/ready', {}],
  ['GET', '/.well-known/jwks.json', {}],
  ['GET', '/.well-known/oauth-authorization-server', {}],
  ['GET', '/docs', {}],
  ['GET', '/docs/static/swagger-ui.css', {}],
  ['GET', '/openapi.json', {}],
  ['GET', '/nowhere', {}],
  ['GET', '/%', {}],
  ['POST', '/login', {}],
  ['POST', '/logout', { authorization: 'Bearer TOKEN' }],
  ['OPTIONS', '/me', { origin: 'https://app.example', 'access-control-request-method': 'GET' }],
  ['HEAD', '/me', { authorization: 'Bearer TOKEN' }],
] as const

for (const publicUrl of ['http://localhost:3000', 'https://signet.example']) {
  t.test(`${publicUrl}: every answer has the same headers with a socket and without one, each once`, async t => {
    const { app, logIn } = await testApp(t, { docs: true, publicUrl, corsOrigins: ['https://app.example'] })
    const { access_token: token } = await logIn()
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    for (const [method, url, given] of asked) {
      const headers = Object.fromEntries(
        Object.entries({ host: 'localhost', ...given }).map(([name, value]) => [name, value.replace('TOKEN', token)]),
      )
      const injected = await app.inject({ method, url, headers })
      const sent = request({ port, host: '127.0.0.1', method, path: url, headers }).end()
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      answer.resume()
      const raw: Headers = answer.rawHeaders.flatMap((name, i, all) =>
        i % 2 === 0 ? [[name, all[i + 1] as string] as [string, string]] : [],
      )
      const expected = Object.entries(injected.headers).map(([name, value]): [string, string] => [name, String(value)])
      t.equal(answer.statusCode, injected.statusCode, `${method} ${url}`)
      t.strictSame(comparable(raw), comparable(expected), `${method} ${url}`)
      t.ok(comparable(raw).length >= 5, `${method} ${url}`)
    }
  })
}
