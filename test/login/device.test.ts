/** Who shows a token of the account is not kept waiting by strangers (docs/guessing.md). */
import t, { type Test } from 'tap'
import { form } from '../helpers/answers.ts'
import { type Overrides, testApp } from '../helpers/app.ts'
import { forge, refreshKeyOf } from '../helpers/forge.ts'
import { newSecret } from '../helpers/tokens.ts'

const day = 86_400
const wrong = 'wrong'

async function guessedAt(t: Test, overrides: Overrides = {}, clock?: Parameters<typeof testApp>[2]) {
  const made = await testApp(t, { loginFreeFailures: 5, ...overrides }, clock)
  const { app } = made
  const attempt = (body: object, ip = '198.51.100.99', headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/login',
      remoteAddress: ip,
      headers,
      body: { username: 'thirdy', password: 'demo123', ...body },
    })
  const status = async (...args: Parameters<typeof attempt>) => (await attempt(...args)).statusCode
  /** Strangers at so many addresses, as fast as they can. */
  async function guess(addresses = 6): Promise<void> {
    for (let i = 0; i < addresses; i++) await attempt({ password: wrong }, `203.0.113.${i % 250}`)
  }
  return { ...made, attempt, status, guess }
}

t.test('strangers who never stop do not keep out an owner at a new address who has a device', async t => {
  const { app, logIn, status, guess, clock } = await guessedAt(t)
  const { refresh_token: device } = await logIn()
  const username = 'thirdy@example.com'
  await app.users.change('user-1', { email: username }, { by: 'a test' })
  await guess(60)
  for (let i = 0; i < 25; i++) {
    const ip = `192.0.2.${i}`
    t.equal(await status({}, ip), 429, 'without it a new address waits')
    t.equal(await status({ device }, ip), 200)
    t.equal(await status({ device, username }, `198.51.100.${i}`), 200, 'by the address as by the name')
    clock.advance(i * 40)
    await guess()
  }
})

t.test('any refresh token of the account is a device, however old, spent or ended', async t => {
  const secret = newSecret()
  const { app, logIn, refresh, status, guess, clock } = await guessedAt(t, { secrets: [secret] })
  const first = (await logIn()).refresh_token
  clock.advance(60)
  const second = (await refresh(first)).json().refresh_token
  clock.advance(60)
  await refresh(first)
  const loggedOut = (await logIn()).refresh_token
  await app.inject({ method: 'POST', url: '/logout', body: { refresh_token: loggedOut } })
  await guess()
  for (const device of [first, second, loggedOut]) t.equal(await status({ device }), 200)

  clock.advance(400 * day)
  for (let i = 0; i < 2; i++) await app.stores.sessions.deleteEnded(0, 1000)
  await guess()
  t.equal(await status({}, '192.0.2.1'), 429)
  for (const device of [first, second, loggedOut])
    t.equal(await status({ device }, '192.0.2.1'), 200, 'its row is gone')
})

t.test('a device counts after a change of the secret, while the old one is a fallback', async t => {
  const { temporaryFolder } = await import('../helpers/process.ts')
  const sqlitePath = `${await temporaryFolder(t)}/signet.db`
  const old = newSecret()
  const before = await guessedAt(t, { sqlitePath, secrets: [old] })
  const { refresh_token: device } = await before.logIn()
  await before.app.close()
  const after = await guessedAt(t, { sqlitePath, secrets: [newSecret(), old] }, before.clock)
  await after.guess()
  t.equal(await after.status({}), 429)
  t.equal(await after.status({ device }), 200)
})

t.test('what is no device of this account is ignored, and never an error', async t => {
  const { app, logIn, status, guess } = await guessedAt(t)
  const mine = await logIn('maria')
  const [header = '', claims = '', signature = ''] = mine.refresh_token.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  const devices = [
    mine.refresh_token,
    mine.access_token,
    (await logIn()).access_token,
    forge(read(header), { ...read(claims), sub: 'user-1' }, newSecret()),
    forge({ ...read(header), alg: 'none' }, { ...read(claims), sub: 'user-1' }, refreshKeyOf(app)),
    forge(read(header), { ...read(claims), sub: 'user-1', sid: '../../../../../../../x' }, refreshKeyOf(app)),
    `${header}.${claims}.${signature.slice(0, -2)}`,
    '',
    ' ',
    null,
    'a.b.c',
    '.'.repeat(15_000),
    'é\0\ud800',
  ]
  for (const device of devices) t.equal(await status({ device }, '192.0.2.1'), 200, JSON.stringify(device).slice(0, 30))
  for (const [i, device] of devices.entries()) t.equal(await status({ device, username: `nobody${i}` }), 401)
  await guess(30)
  const username = 'thirdy@example.com'
  await app.users.change('user-1', { email: username }, { by: 'a test' })
  for (const device of devices) {
    t.equal(await status({ device }), 429)
    t.equal(await status({ device, username }), 429, 'by the address as by the name')
  }
  for (const device of [1, true, {}, ['x']]) t.equal(await status({ device }), 400, 'but another type is a mistake')

  const nobody = { username: 'nobody@example.com' }
  for (let i = 0; i < 5; i++) t.equal(await status(nobody, `203.0.113.${i}`), 401)
  t.equal(await status({ ...nobody, device: mine.refresh_token }), 429, 'nor one of an address that nobody has')
})

t.test('a stolen device is worth what a known address is: its failures are its own, and it waits alike', async t => {
  const { logIn, attempt, status, clock } = await guessedAt(t)
  const [stolen, other] = [(await logIn()).refresh_token, (await logIn()).refresh_token]
  for (let i = 0; i < 5; i++) t.equal(await status({ device: stolen, password: wrong }, `203.0.113.${i}`), 401)
  for (const wait of [1, 2, 4]) {
    const refused = await attempt({ device: stolen }, '203.0.113.77')
    t.equal(refused.statusCode, 429, 'whatever the address')
    t.equal(refused.headers['retry-after'], String(wait))
    clock.advance(wait)
    t.equal(await status({ device: stolen, password: wrong }), 401)
  }
  t.equal(await status({ device: other, password: wrong }), 401, 'another device')
  t.equal(await status({ password: wrong }), 401, 'and the account know nothing of it')
  clock.advance(8)
  t.equal(await status({ device: stolen }), 200)
  for (let i = 0; i < 5; i++) t.equal(await status({ device: stolen, password: wrong }), 401, 'a success forgets')
  t.equal(await status({ device: stolen }), 429)
})

t.test('200 wrong passwords with one device at once: at most five are looked at', async t => {
  const { logIn, status } = await guessedAt(t)
  const { refresh_token: device } = await logIn()
  const answers = await Promise.all(Array.from({ length: 200 }, () => status({ device, password: wrong })))
  t.equal(answers.filter(one => one === 401).length, 5)
})

t.test('a login by a device makes its address a known one', async t => {
  const { logIn, status, guess } = await guessedAt(t)
  const { refresh_token: device } = await logIn()
  await guess()
  t.equal(await status({ device }, '192.0.2.1'), 200)
  t.equal(await status({}, '192.0.2.1'), 200)
})

t.test('in a form a device is another field, which is ignored', async t => {
  const { app, logIn, guess } = await guessedAt(t)
  const { refresh_token: device } = await logIn()
  const post = (url: string) =>
    app.inject({
      method: 'POST',
      url,
      remoteAddress: '192.0.2.1',
      headers: { 'content-type': form },
      body: `grant_type=password&username=thirdy&password=demo123&device=${device}`,
    })
  t.equal((await post('/login')).statusCode, 200)
  await guess(30)
  await app.stores.attempts.lift('user-1')
  t.equal((await post('/token')).statusCode, 200)
})
