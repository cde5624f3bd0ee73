/** What belongs to Fastify: roles, fresh logins, scopes, and WebSockets. */
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import t from 'tap'
import signet from '../src/index.ts'
import { bearer, movableTime, startIssuer, startService, startSignet } from './setup.ts'

t.test('request.user is frozen, and another for every token', async t => {
  const issuer = await startIssuer(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(signet, issuer)
  app.get('/', { onRequest: [app.authenticate] }, async ({ user }) => {
    t.throws(() => Object.assign(user, { role: 'admin' }), TypeError)
    t.throws(() => (user.aud as string[]).push('x'), TypeError)
    const name: string = user.username
    return name
  })
  app.get('/open', async ({ user }) => ({ user }))
  const names = ['maria', 'thirdy', 'maria']
  const tokens = await Promise.all(names.map(username => issuer.sign({ username, aud: [issuer.url] })))
  const answers = await Promise.all(tokens.map(token => app.inject({ url: '/', headers: bearer(token) })))
  t.strictSame(
    answers.map(answer => answer.body),
    names,
  )
  t.strictSame((await app.inject('/open')).json(), { user: null })
})

t.test('requireRole lets one of several roles pass', async t => {
  const issuer = await startIssuer(t)
  const { app, get } = await startService(t, issuer)
  const as = async (role: string, url: string) => get(url, await issuer.sign({ role }))
  t.equal((await as('admin', '/admin')).statusCode, 200)
  t.equal((await as('editor', '/edit')).statusCode, 200)
  const refused = await as('user', '/admin')
  t.equal(refused.statusCode, 403)
  t.strictSame(refused.json(), {
    type: 'about:blank',
    title: 'Forbidden',
    status: 403,
    detail: 'Admin role required',
    code: 'admin_required',
  })
  for (const role of ['adm', 'ADMIN', 'administrator']) t.equal((await as(role, '/admin')).statusCode, 403, role)
  t.match((await as('user', '/edit')).json(), { code: 'role_required', detail: 'Another role required' })
  t.equal((await get('/admin')).statusCode, 401)
  t.throws(() => app.requireRole(), TypeError)
})

t.test('requireFresh asks for a login of lately (RFC 9470); a token that does not say is not fresh', async t => {
  const issuer = await startIssuer(t)
  const time = movableTime()
  const { app, get } = await startService(t, issuer, time)
  const token = await issuer.sign({ auth_time: time.date() })
  t.equal((await get('/pay', token)).statusCode, 200)
  time.advance(301)
  for (const old of [token, await issuer.sign()]) {
    const refused = await get('/pay', old)
    t.equal(refused.statusCode, 401)
    t.match(refused.json(), { code: 'fresh_login_required' })
    t.match(refused.headers['www-authenticate'], /^Bearer error="insufficient_user_authentication", .+, max_age="300"$/)
  }
  for (const seconds of [-1, 1.5, Number.NaN]) t.throws(() => app.requireFresh(seconds), TypeError)
})

t.test('what Signet itself confirms is fresh, and a refresh is not', async t => {
  const time = movableTime()
  const real = await startSignet(t, {}, time)
  const { get } = await startService(t, { url: real.url }, time)
  const tokens = await real.logIn()
  t.equal((await get('/pay', tokens.access_token)).statusCode, 200)
  time.advance(301)
  t.equal((await get('/pay', tokens.access_token)).json().code, 'fresh_login_required')
  t.equal((await get('/pay', (await real.refresh(tokens)).access_token)).json().code, 'fresh_login_required')
  t.equal((await get('/pay', (await real.confirm(tokens)).access_token)).statusCode, 200)
})

t.test('a login of exactly so many seconds ago is fresh, and none of a clock that was far ahead', async t => {
  const issuer = await startIssuer(t)
  const now = Math.floor(Date.now() / 1000)
  const { get } = await startService(t, issuer, { ...movableTime(), date: () => now })
  t.equal((await get('/pay', await issuer.sign({ auth_time: now - 300 }))).statusCode, 200)
  t.equal((await get('/pay', await issuer.sign({ auth_time: now - 301 }))).statusCode, 401)
  t.equal((await get('/pay', await issuer.sign({ auth_time: now + 30 }))).statusCode, 200)
  t.equal((await get('/pay', await issuer.sign({ auth_time: now + 31 }))).statusCode, 401)
})

t.test('a mistake in getToken is an error of the service, not a refusal', async t => {
  const issuer = await startIssuer(t)
  const getToken = () => {
    throw new Error('there is no cookie parser')
  }
  const { orders } = await startService(t, { ...issuer, getToken })
  t.equal((await orders()).statusCode, 500)
})

t.test('a route that forgot authenticate lets nobody pass', async t => {
  const issuer = await startIssuer(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(signet, issuer)
  app.get('/', { onRequest: [app.requireRole('admin')] }, async () => 'yes')
  t.equal((await app.inject({ url: '/', headers: bearer(await issuer.sign({ role: 'admin' })) })).statusCode, 500)
})

t.test('two issuers in two scopes know nothing of each other', async t => {
  const issuers = [await startIssuer(t), await startIssuer(t)] as const
  const app = Fastify()
  t.teardown(() => app.close())
  issuers.forEach((issuer, i) => {
    app.register(
      async scope => {
        await scope.register(signet, issuer)
        await scope.register(async inner => {
          inner.get('/deep', { onRequest: [inner.authenticate] }, async ({ user }) => user.iss)
        })
      },
      { prefix: `/${i}` },
    )
  })
  await app.ready()
  t.notOk('authenticate' in app)
  for (const [i, issuer] of issuers.entries()) {
    const headers = bearer(await issuer.sign())
    t.equal((await app.inject({ url: `/${i}/deep`, headers })).body, issuer.url)
    t.equal((await app.inject({ url: `/${1 - i}/deep`, headers })).statusCode, 401)
  }
})

t.test('a WebSocket is opened for whoever has a token, in a header or where the service says', async t => {
  const issuer = await startIssuer(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(websocket)
  const getToken = ({ headers }: { headers: Record<string, unknown> }) =>
    String(headers['sec-websocket-protocol'] ?? '').split(', ')[1]
  await app.register(signet, { ...issuer, getToken })
  app.get('/live', { websocket: true, onRequest: [app.authenticate] }, (socket, { user }) => socket.send(user.sub))
  const address = (await app.listen({ host: '127.0.0.1', port: 0 })).replace('http', 'ws')
  const open = (...protocols: string[]) =>
    new Promise<string>(resolve => {
      const socket = new WebSocket(`${address}/live`, protocols)
      socket.onmessage = ({ data }) => {
        resolve(String(data))
        socket.close()
      }
      socket.onerror = () => resolve('refused')
    })
  t.equal(await open('orders', await issuer.sign()), 'user-2')
  t.equal(await open('orders', 'a.b.c'), 'refused')
  t.equal(await open(), 'refused')
})
