/** What clients send to a route that needs no body: nothing, in all the forms that nothing has. */
import axios, { type AxiosInstance } from 'axios'
import t from 'tap'
import type { TokenResponse } from '../../src/wire/token-response.ts'
import { form, isProblem, json, post } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { exchange, lastRequest, request } from '../helpers/raw.ts'
import { claimsOf } from '../helpers/tokens.ts'

const { app, clock, logIn } = await testApp(t)
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as { port: number }
const ours = { 'sec-fetch-site': 'same-origin' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

interface Route {
  readonly method: 'POST' | 'DELETE'
  readonly success: number
  path(sid: string): string
  /** Whether the token comes in a cookie; else it is a bearer. */
  readonly byCookie?: true
}

const routes: readonly Route[] = [
  { method: 'POST', success: 204, path: () => '/logout' },
  { method: 'POST', success: 204, path: () => '/logout', byCookie: true },
  { method: 'POST', success: 200, path: () => '/refresh', byCookie: true },
  { method: 'POST', success: 200, path: () => '/logout/all' },
  { method: 'POST', success: 200, path: () => '/users/user-2/logout' },
  { method: 'DELETE', success: 204, path: sid => `/sessions/${sid}` },
]

function credentials(tokens: TokenResponse, { byCookie }: Route): Record<string, string> {
  if (!byCookie) return bearer(tokens.access_token)
  return { ...ours, cookie: `__Host-signet_refresh=${tokens.refresh_token}` }
}

const types = [undefined, json, form, 'text/plain;charset=UTF-8', 'application/octet-stream', '', ';', 'json']
const nothing = ['', '{}', 'null', '""', ' { } ', '\r\n', ' null\n']
const forms = types.flatMap(type =>
  nothing.flatMap(body => [true, false].map(isChunked => ({ type, body, isChunked }))),
)

for (const route of routes) {
  t.test(`${route.method} ${route.path('…')} ${route.byCookie ? 'by cookie' : 'by bearer'} takes nothing`, async t => {
    const canBeRepeated = route.byCookie || route.path('') === '/users/user-2/logout'
    const sent = canBeRepeated ? forms : forms.filter((_, i) => i % 9 === 0)
    const tokens = [await logIn()]
    while (!canBeRepeated && tokens.length < sent.length) tokens.push(await logIn())
    const requests = sent.map(({ type, body, isChunked }, i) => {
      const own = tokens[i % tokens.length] as TokenResponse
      const headers = [
        isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`,
        ...(type === undefined ? [] : [`Content-Type: ${type}`]),
        ...Object.entries(credentials(own, route)).map(([name, value]) => `${name}: ${value}`),
      ]
      const line = `${route.method} ${route.path(String(claimsOf(own.access_token)['sid']))}`
      const chunks = `${body && `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
      return request(line, headers, isChunked ? chunks : body)
    })
    // A request for each, one after the other on one connection, as a pool would send them.
    const answers = await exchange(port, requests.join('') + lastRequest)
    t.equal(answers.length, sent.length + 1)
    for (const [i, one] of sent.entries()) {
      t.equal(answers[i]?.status, route.success, `${JSON.stringify(one)}: ${answers[i]?.body}`)
    }
  })
}

t.test('axios ends and refreshes sessions however it is told to send nothing', async t => {
  const client: AxiosInstance = axios.create({ baseURL: `http://127.0.0.1:${port}`, validateStatus: null })
  const inJson = { 'content-type': json }
  for (const route of routes) {
    for (const data of [{}, null, undefined, '']) {
      for (const extra of [{}, inJson]) {
        const tokens = await logIn()
        const url = route.path(String(claimsOf(tokens.access_token)['sid']))
        const headers = { ...credentials(tokens, route), ...extra }
        const answer = await client.request({ method: route.method, url, data, headers })
        t.equal(answer.status, route.success, `${route.method} ${url} ${data} ${JSON.stringify(answer.data)}`)
      }
    }
  }
})

t.test('a body that says something is read where it can mean something', async t => {
  const cookie = `__Host-signet_refresh=${(await logIn()).refresh_token}`
  for (const url of ['/refresh', '/logout']) {
    const send = (type: string, body: string) =>
      app.inject({ method: 'POST', url, headers: { ...ours, cookie, 'content-type': type }, body })
    isProblem(t, await send(json, '{"token":"x"}'), 400, 'invalid_request', 'another member')
    isProblem(t, await send(json, '{"refresh_token":null}'), 400, 'invalid_request', 'no string')
    isProblem(t, await send(json, '{'), 400, 'invalid_request', 'no JSON')
    isProblem(t, await send('text/plain', '{"refresh_token":"x"}'), 415, 'unsupported_media_type', 'another type')
    isProblem(t, await send(json, ' '.repeat(16_385)), 413, 'too_large', 'a lot of nothing')
  }
  isProblem(t, await post(app, '/logout', json, '{}'), 401, 'missing_token', 'nothing at all')
  isProblem(t, await post(app, '/refresh', json, 'null'), 400, 'invalid_request', 'nothing at all')
})

t.test('two tokens at /logout are of one session, or neither is used; a broken one hides no good one', async t => {
  const [one, other] = [await logIn('maria'), await logIn('maria')]
  const logOut = (authorization: string, body: object) =>
    app.inject({ method: 'POST', url: '/logout', headers: { authorization }, body })
  const isAlive = async ({ access_token: token }: TokenResponse) =>
    (await app.inject({ url: '/me', headers: bearer(token) })).statusCode === 200

  for (const inBody of [other.refresh_token, other.access_token]) {
    for (const inHeader of [one.access_token, one.refresh_token]) {
      const answer = await logOut(`Bearer ${inHeader}`, { refresh_token: inBody })
      isProblem(t, answer, 400, 'invalid_request', 'of two sessions')
      t.equal(answer.json().errors[0].pointer, '/refresh_token')
    }
  }
  t.ok((await isAlive(one)) && (await isAlive(other)))

  t.equal((await logOut(`Bearer ${one.access_token}`, { refresh_token: one.refresh_token })).statusCode, 204)
  t.notOk(await isAlive(one))
  t.ok(await isAlive(other))
  t.equal((await logOut(`Bearer ${one.access_token}`, { refresh_token: one.refresh_token })).statusCode, 204, 'again')

  const [third, fourth, fifth] = [await logIn('maria'), await logIn('maria'), await logIn('maria')]
  t.equal((await logOut('Bearer undefined', { refresh_token: third.refresh_token })).statusCode, 204)
  t.equal((await logOut('Bearer', { refresh_token: fourth.refresh_token })).statusCode, 204)
  t.equal((await logOut(`Bearer ${fifth.access_token}`, { refresh_token: 'x' })).statusCode, 204)
  for (const ended of [third, fourth, fifth]) t.notOk(await isAlive(ended))
  isProblem(t, await logOut('Bearer x', { refresh_token: 'y' }), 401, 'invalid_token', 'none of ours')
  clock.advance(900)
  t.equal((await logOut(`Bearer ${other.access_token}`, { refresh_token: other.refresh_token })).statusCode, 204)
})
