/** Hashing is shared fairly: over HTTP, with one thread that is busy as long as the test says. */
import { once } from 'node:events'
import { connect } from 'node:net'
import bcrypt from 'bcryptjs'
import t, { type Test } from 'tap'
import type { Client } from '../../src/base/client.ts'
import { SignetError } from '../../src/base/errors.ts'
import type { Overrides } from '../helpers/app.ts'
import { testApp } from '../helpers/app.ts'

/** An app with one hashing thread and eight places to wait, and a way to keep the thread busy. */
async function busyApp(test: Test, overrides: Overrides = {}) {
  const made = await testApp(test, { hashThreads: 1, hashQueue: 8, ...overrides })
  const { hasher } = made.app
  const before = hasher.load().hashes + 1
  const busy = hasher.verify('busy', `$2b$12$${'a'.repeat(53)}`, {}, 'patient') // a quarter of a second of a core
  /** How many others have been computed. */
  const count = async () => busy.then(() => hasher.load().hashes - before)
  const attempt = (username: string, ip: string, url = '/login') =>
    made.app.inject({ method: 'POST', url, remoteAddress: ip, body: { username, password: 'wrong wrong' } })
  return { ...made, attempt, count }
}

type BusyApp = Awaited<ReturnType<typeof busyApp>>

async function waiting({ app }: BusyApp, many: number): Promise<void> {
  while (app.hasher.load().waiting < many) await new Promise(resolve => setTimeout(resolve, 1))
}

/** The keys of the buckets of accounts. */
async function rowsLeft({ app, clock }: BusyApp): Promise<number> {
  clock.advance(31 * 86_400)
  return app.stores.attempts.deleteEnded(1000)
}

t.test('one address fills a quarter of the hash queue, and the next one still logs in', async t => {
  const busy = await busyApp(t)
  const flood = Array.from({ length: 30 }, (_, i) => busy.attempt(`name${i}`, '192.0.2.1'))
  await Promise.race(flood)
  const honest = busy.app.inject({
    method: 'POST',
    url: '/login',
    remoteAddress: '203.0.113.7',
    body: { username: 'thirdy', password: 'demo123' },
  })
  const statuses = (await Promise.all(flood)).map(answer => answer.statusCode)
  t.equal(statuses.filter(status => status === 401).length, 2)
  t.equal(statuses.filter(status => status === 503).length, 28)
  t.equal((await honest).statusCode, 200)
})

t.test('100 addresses of one IPv6 /48 fill half of the hash queue', async t => {
  const busy = await busyApp(t)
  const flood = Array.from({ length: 100 }, (_, i) => busy.attempt(`name${i}`, `2001:db8:1:${i.toString(16)}::1`))
  const statuses = (await Promise.all(flood)).map(answer => answer.statusCode)
  t.equal(statuses.filter(status => status === 401).length, 4)
})

t.test('LOGIN_LIMIT_EXEMPT: no limit for the address, and every place in the hash queue', async t => {
  const busy = await busyApp(t, { loginLimitPerIp: 1, loginLimitExempt: ['192.0.2.0/24', '2001:db8:1::/48'] })
  const office = await Promise.all(Array.from({ length: 30 }, (_, i) => busy.attempt(`name${i}`, '192.0.2.1')))
  t.equal(office.filter(answer => answer.statusCode === 401).length, 8)
  t.equal(office.filter(answer => answer.statusCode === 503).length, 22)
  for (const ip of ['192.0.2.77', '2001:db8:1:2::3', '::ffff:192.0.2.9'])
    for (let i = 0; i < 2; i++) t.equal((await busy.attempt(`at ${ip}`, ip)).statusCode, 401, ip)
  t.equal((await busy.attempt('stranger', '198.51.100.1')).statusCode, 401)
  t.equal((await busy.attempt('stranger', '198.51.100.1')).statusCode, 429, 'everybody else has the limit')
})

t.test('the limit of the account holds for exempt addresses too', async t => {
  const { app } = await testApp(t, { loginLimitExempt: ['192.0.2.0/24'], loginFreeFailures: 2 })
  const body = { username: 'thirdy', password: 'wrong' }
  const attempt = () => app.inject({ method: 'POST', url: '/login', remoteAddress: '192.0.2.1', body })
  t.strictSame(
    [await attempt(), await attempt(), await attempt()].map(one => one.statusCode),
    [401, 401, 429],
  )
})

t.test('an attempt that is answered 503 leaves no row, and those that were hashed leave theirs', async t => {
  const busy = await busyApp(t)
  const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => busy.attempt(`name${i}`, '192.0.2.1')))
  const hashed = answers.filter(answer => answer.statusCode === 401).length
  t.equal(answers.length - hashed, 28)
  t.equal(await rowsLeft(busy), hashed)
})

t.test('a login that finds the hash queue full leaves a known address known', async t => {
  const { app } = await testApp(t, { loginFreeFailures: 1 })
  const [home, password] = ['192.0.2.1', 'demo123']
  const logIn = (secret = password, remoteAddress = home) =>
    app.inject({ method: 'POST', url: '/login', remoteAddress, body: { username: 'maria', password: secret } })
  t.equal((await logIn()).statusCode, 200)
  const { verify } = app.hasher
  t.teardown(() => Object.assign(app.hasher, { verify }))
  const full = () => Promise.reject(new SignetError('overloaded', 'the hash queue is full'))
  Object.assign(app.hasher, { verify: full })
  t.equal((await logIn()).statusCode, 503)
  Object.assign(app.hasher, { verify })
  t.equal((await logIn('wrong', '203.0.113.7')).statusCode, 401)
  t.equal((await logIn(password, '203.0.113.7')).statusCode, 429)
  t.equal((await logIn()).statusCode, 200)
})

t.test('a right password is good, though there is no time to make a better hash of it', async t => {
  const { app, logIn } = await testApp(t, { bcryptCost: 5 })
  await app.stores.users.update('user-2', { passwordHash: bcrypt.hashSync('demo123', 4) })
  const { hash } = app.hasher
  t.teardown(() => Object.assign(app.hasher, { hash }))
  for (const code of ['overloaded', 'unavailable'] as const) {
    Object.assign(app.hasher, { hash: () => Promise.reject(new SignetError(code, 'not now')) })
    await logIn('maria')
    t.match(await app.stores.users.findById('user-2'), { passwordHash: /^\$2b\$04/ }, 'it is as before')
  }
  Object.assign(app.hasher, { hash })
  await logIn('maria')
  t.match(await app.stores.users.findById('user-2'), { passwordHash: /^\$2b\$05/ }, 'the next login makes it')
})

t.test('whoever hashes a new password says for whom', async t => {
  const { app, logIn } = await testApp(t, { registrationIsOpen: true })
  const headers = { authorization: `Bearer ${(await logIn()).access_token}` }
  const { hash } = app.hasher
  t.teardown(() => Object.assign(app.hasher, { hash })) // it is that of the next test, too
  const askers: unknown[] = []
  Object.assign(app.hasher, {
    hash(...given: Parameters<typeof hash>) {
      askers.push((given[1] as Client | undefined)?.ip)
      return hash(...given)
    },
  })
  const [password, remoteAddress] = ['a long sentence of mine', '203.0.113.7']
  for (const [method, url, body] of [
    ['POST', '/register', { username: 'ana', password }],
    ['POST', '/users', { username: 'eva', password }],
    ['PATCH', '/users/user-2', { password }],
    ['PUT', '/me/password', { current_password: 'demo123', new_password: password }],
  ] as const) {
    t.ok((await app.inject({ method, url, remoteAddress, headers, body })).statusCode < 300, url)
  }
  await app.stores.users.update('user-2', { passwordHash: bcrypt.hashSync(password, 5) }) // 4 is what is configured
  const body = { username: 'maria', password }
  t.equal((await app.inject({ method: 'POST', url: '/login', remoteAddress, body })).statusCode, 200, 'a better hash')
  t.strictSame(askers, Array(5).fill(remoteAddress))
})

t.test('registrations keep to the share as well', async t => {
  const busy = await busyApp(t, { registrationIsOpen: true })
  const flood = Array.from({ length: 10 }, (_, i) => busy.attempt(`name${i}`, '192.0.2.1', '/register'))
  const statuses = (await Promise.all(flood)).map(answer => answer.statusCode)
  t.equal(statuses.filter(status => status === 201).length, 2)
  t.equal(statuses.filter(status => status === 503).length, 8)
})

t.test('eight logins whose clients have hung up are not hashed, leave no row, and take nobody’s place', async t => {
  const busy = await busyApp(t, { loginLimitExempt: ['127.0.0.1'] })
  await busy.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = busy.app.server.address() as { port: number }
  const sockets = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      const body = JSON.stringify({ username: `left${i}`, password: 'wrong' })
      socket.write(
        `POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
      return socket
    }),
  )
  await waiting(busy, 8)
  t.equal((await busy.attempt('early', '203.0.113.7')).statusCode, 503, 'while they wait, the queue is full')
  for (const [i, socket] of sockets.entries()) {
    if (i % 2 === 0) socket.destroy()
    else socket.end() // by the book
  }
  await new Promise(resolve => setTimeout(resolve, 20))
  const late = busy.attempt('late', '203.0.113.7')
  t.equal((await late).statusCode, 401)
  t.equal(await busy.count(), 1, 'one hash, that of the one who waited')
  t.equal(await rowsLeft(busy), 1)
})
