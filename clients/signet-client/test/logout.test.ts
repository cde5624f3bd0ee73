/** Behaviour 7: logouts win, and are heard of by other tabs. */
import t from 'tap'
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
