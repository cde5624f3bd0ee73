/** Behaviours 7 to 9: logouts win and are heard of, storages of any kind, and the device that a login shows. */
import t from 'tap'
import { claimsOf } from '../../../test/helpers/tokens.ts'
import { type Opened, problem, sharedStorage, startSignet } from './setup.ts'

const soon = async (isTrue: () => boolean) => {
  const until = Date.now() + 30_000
  while (!isTrue() && Date.now() < until) await new Promise(setImmediate)
  return isTrue()
}

/** A tab whose answers from one path wait. */
function slowTab({ network }: Opened, path: string) {
  const gate = Promise.withResolvers<void>()
  const hasAnswered = Promise.withResolvers<void>()
  const slow: typeof fetch = async (input, init) => {
    const answer = await network.fetch(input, init)
    if (!String(input).endsWith(path)) return answer
    hasAnswered.resolve()
    await gate.promise
    return answer
  }
  return { slow, hasAnswered: hasAnswered.promise, letThrough: gate.resolve }
}

t.test('a logout wins over the answer of a refresh that arrives late', async t => {
  const { app, time, open } = await startSignet(t)
  const storage = sharedStorage()
  const { slow, hasAnswered, letThrough } = slowTab(open(), '/refresh')
  const { signet, events } = open({ storage, fetch: slow })
  await signet.login('maria', 'demo123')
  time.advance(901)
  const waiting = signet.accessToken()
  await hasAnswered

  await signet.logout()
  letThrough()
  t.equal(await waiting, null)
  t.equal(signet.user, null)
  t.notMatch([...storage.texts].join(), 'access_token')
  t.strictSame(events, ['logged-in', 'logged-out'])
  t.strictSame(await app.stores.sessions.list('user-2'), [])
})

t.test('a logout wins over a login that is still under way, and ends the session that it makes', async t => {
  const { app, open } = await startSignet(t)
  const { slow, hasAnswered, letThrough } = slowTab(open(), '/login')
  const storage = sharedStorage()
  const { signet } = open({ storage, fetch: slow })
  letThrough()
  await signet.login('maria', 'demo123')
  const second = slowTab(open(), '/login')
  const { signet: again } = open({ storage, fetch: second.slow })
  const waiting = again.login('maria', 'demo123')
  await Promise.all([hasAnswered, second.hasAnswered])

  await again.logout()
  second.letThrough()
  await t.rejects(waiting, { name: 'SignetError', code: 'logged_out' })
  t.equal(again.user, null)
  t.notMatch([...storage.texts].join(), 'access_token')
  t.strictSame(await app.stores.sessions.list('user-2'), [])
})

t.test('what begins, goes on with or ends a session outlives the page that asked for it', async t => {
  const { time, open } = await startSignet(t)
  const outlives: [path: string, keepalive: boolean | undefined][] = []
  const { signet } = open({
    fetch: (input, init) => {
      outlives.push([new URL(String(input)).pathname, init?.keepalive])
      return fetch(input, init)
    },
  })
  await signet.login('maria', 'demo123')
  time.advance(901)
  await signet.me()
  await signet.logout()
  t.strictSame(outlives, [
    ['/login', true],
    ['/refresh', true],
    ['/me', false],
    ['/logout', true],
  ])
})

t.test('a logout in one tab is known to the others within a second, and so is a login', async t => {
  const { open } = await startSignet(t)
  const storage = sharedStorage()
  const [first, second] = [open({ storage }), open({ storage })]
  await first.signet.login('maria', 'demo123')
  t.ok(await soon(() => second.signet.user?.username === 'maria'))

  await first.signet.logout()
  t.ok(await soon(() => second.signet.user === null))
  t.strictSame(second.events, ['logged-in', 'logged-out'])
  await second.signet.login('thirdy', 'demo123')
  t.ok(await soon(() => first.signet.user?.username === 'thirdy'))
  t.strictSame(first.events, ['logged-in', 'logged-out', 'logged-in'])
})

t.test('a tab that hears nothing finds the logout in the storage before its next request', async t => {
  const { url, open } = await startSignet(t)
  const storage = sharedStorage()
  const [deaf, other] = [open({ storage }), open({ storage })]
  await other.signet.login('maria', 'demo123')
  await deaf.signet.me()
  const before = deaf.network.asked.length
  storage.remove(`signet ${url}`) // what a logout elsewhere leaves

  t.equal(await deaf.signet.accessToken(), null)
  t.equal(await deaf.signet.me(), null)
  t.equal(deaf.network.asked.length, before)
})

t.test('tabs that keep tokens in memory are logins of their own: one logs out, the other stays', async t => {
  const { open } = await startSignet(t)
  const [one, other] = [open(), open()]
  await one.signet.login('maria', 'demo123')
  await other.signet.login('maria', 'demo123')
  await one.signet.logout()

  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal((await other.signet.me())?.username, 'maria')
})

t.test('a logout that Signet did not hear of leaves no token in the storage, and can be repeated', async t => {
  const { app, open } = await startSignet(t)
  const storage = sharedStorage()
  const { signet, network } = open({ storage })
  await signet.login('maria', 'demo123')
  network.faults.set('/logout', Array(100).fill('no network'))

  await t.rejects(signet.logout(), { code: 'network', status: 0 })
  t.equal(signet.user, null)
  t.equal(storage.texts.size, 0)
  network.faults.clear()
  await signet.logout()
  t.strictSame(await app.stores.sessions.list('user-2'), [])
  const asked = network.asked.length
  await signet.logout()
  t.equal(network.asked.length, asked, 'once is enough')
})

t.test('a logout of a session that nobody knows any more is done', async t => {
  const { open } = await startSignet(t)
  const { signet, network } = open()
  await signet.login('maria', 'demo123')
  network.faults.set('/logout', [problem(401, 'invalid_token')])

  await signet.logout()
  t.equal(signet.user, null)
})

t.test('a name is read as it is written, in any script', async t => {
  const { app, open } = await startSignet(t)
  await app.users.create({ username: '張偉', password: 'a long sentence', email: 'josé@example.com' }, {})
  const { signet } = open()

  t.match(await signet.login('張偉', 'a long sentence'), { username: '張偉', email: 'josé@example.com' })
})

t.test('a storage may answer later, refuse, or hold nonsense', async t => {
  const { time, url, open } = await startSignet(t)
  const texts = new Map<string, string>()
  const later = {
    get: async (key: string) => texts.get(key),
    set: async (key: string, text: string) => void texts.set(key, text),
    remove: async (key: string) => void texts.delete(key),
  }
  const { signet } = open({ storage: later })
  await signet.login('maria', 'demo123')
  time.advance(901)
  t.ok(await signet.accessToken())
  t.equal((await open({ storage: later }).signet.me())?.username, 'maria')
  await signet.logout()
  t.equal(await open({ storage: later }).signet.me(), null)

  const full = { ...sharedStorage(), set: () => Promise.reject(new Error('QuotaExceededError')) }
  const { signet: unstored } = open({ storage: full })
  await unstored.login('maria', 'demo123')
  time.advance(901)
  t.equal((await unstored.me())?.username, 'maria', 'this page stays logged in')

  const broken = { ...sharedStorage(), get: () => Promise.reject(new Error('no such table')) }
  t.equal(open({ storage: broken }).signet.user, null)
  for (const nonsense of ['', 'null', '{}', '[1]', '{"access_token":"a.b.c","refresh_token":"a.b.c"}']) {
    const storage = sharedStorage()
    storage.set(`signet ${url}`, nonsense)
    t.equal(open({ storage }).signet.user, null, nonsense)
  }
})

t.test('where a browser forbids its storage a page keeps its session to itself', async t => {
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get() {
      throw new DOMException('The operation is insecure.', 'SecurityError') // as a frame with a sandbox is told
    },
  })
  t.teardown(() => Reflect.deleteProperty(globalThis, 'localStorage'))
  const { time, open } = await startSignet(t)
  const { signet } = open({ storage: 'localStorage' })
  await signet.login('maria', 'demo123')
  time.advance(901)
  t.equal((await signet.me())?.username, 'maria')
})

t.test('a login shows the last refresh token of this browser, so that strangers cannot lock its owner out', async t => {
  const { app, open } = await startSignet(t)
  const storage = sharedStorage()
  const { signet } = open({ storage })
  await signet.login('maria', 'demo123')
  const { sid } = claimsOf((await signet.accessToken()) ?? '')
  await signet.logout()
  for (let i = 0; i < 8; i++)
    await app.inject({
      method: 'POST',
      url: '/login',
      remoteAddress: '198.51.100.7',
      body: { username: 'maria', password: 'guess' },
    })

  const bodies: Record<string, string>[] = []
  const { signet: back, network } = open({
    storage,
    fetch: (input, init) => {
      bodies.push(JSON.parse(String(init?.body ?? '{}')))
      return fetch(input, init)
    },
  })
  t.equal((await back.login('maria', 'demo123')).username, 'maria')
  t.equal(claimsOf(bodies[0]?.['device'] ?? '')['sid'], sid)
  t.equal(network.asked.length, 0)
  await t.rejects(back.login('maria', 'wrong'), { code: 'invalid_credentials', status: 401 })
  t.equal(back.user?.username, 'maria', 'a failed login changes nothing')
})

t.test('what else a user does: see sessions, end one, all of them, change the password', async t => {
  const { open } = await startSignet(t)
  const [here, there] = [open(), open()]
  await here.signet.login('maria', 'demo123')
  await there.signet.login('maria', 'demo123')
  const { sessions } = await here.signet.sessions()
  t.equal(sessions.length, 2)
  t.equal((await here.signet.sessions({ limit: 1 })).sessions.length, 1)
  const [theirs] = sessions.filter(({ current }) => !current)

  await here.signet.endSession(theirs?.id ?? '')
  t.equal(await there.signet.me(), null)
  t.equal(there.events.at(-1), 'ended')
  await t.rejects(here.signet.endSession('no/such?id'), { code: 'not_found', status: 404 })
  t.equal(here.network.asked.at(-1), '/sessions/no%2Fsuch%3Fid')
  await t.rejects(here.signet.changePassword('wrong', 'a new passphrase'), { code: 'invalid_credentials' })
  await here.signet.changePassword('demo123', 'a new passphrase')
  await there.signet.login('maria', 'a new passphrase')
  t.equal(await here.signet.logoutEverywhere(), 2)
  t.equal(here.signet.user, null)
  t.equal(await there.signet.me(), null)

  await here.signet.login('maria', 'a new passphrase')
  const [mine] = (await here.signet.sessions()).sessions
  await here.signet.endSession(mine?.id ?? '')
  t.equal(here.signet.user, null, 'nobody is told to be logged in by a session that was ended here')
  t.equal(here.events.at(-1), 'ended')

  here.network.faults.set('/login', [problem(429, 'too_many_attempts', { 'retry-after': '8' }), 'no network'])
  await t.rejects(here.signet.login('maria', 'x'), { code: 'too_many_attempts', status: 429, retryAfterSeconds: 8 })
  await t.rejects(here.signet.login('maria', 'x'), { code: 'network', status: 0 })
})
