/** An answer may come late, or never: what was asked counts from when it was asked, and for whom. */
import t from 'tap'
import { waitUntil } from '../../../test/helpers/process.ts'
import { SignetError } from '../src/signet-error.ts'
import { type Network, network, problem, startSignet } from './setup.ts'

/** A network on which answers to a path are on their way for a while, which is theirs to say. */
function slowly(path: string, onTheWay: () => void | Promise<void>): Network {
  const between = network()
  const slow: typeof fetch = async (input, init) => {
    const answer = await between.fetch(input, init)
    if (String(input).endsWith(path)) await onTheWay()
    return answer
  }
  return { ...between, fetch: slow }
}

t.test('of a token that was long on its way only the rest is left, after a login and after a refresh', async t => {
  const { url, time, open } = await startSignet(t)
  for (const [path, asked] of [
    ['/login', ['/login', '/refresh', '/me']],
    ['/refresh', ['/login', '/refresh', '/refresh', '/me']],
  ] as const) {
    const between = slowly(path, () => time.advance(100))
    const { signet } = open({ network: between })
    await signet.login('maria', 'demo123')
    if (path === '/refresh') {
      time.advance(901)
      await signet.accessToken()
    }
    time.advance(801)
    t.equal((await signet.fetch(`${url}/me`)).status, 200)
    t.strictSame(between.asked, asked, `${path}: one that ran out is not sent`)
  }
})

t.test('a try that nobody answers ends after 8 s, and the last one when the 25 s of all are over', async t => {
  const { time, open } = await startSignet(t)
  for (const [retryAfter, limit] of [
    [10, 8],
    [20, 5],
  ] as const) {
    const { signet, network } = open()
    await signet.login('maria', 'demo123')
    time.advance(901)
    network.faults.set('/refresh', [
      problem(503, 'unavailable', { 'retry-after': String(retryAfter) }),
      'never answered',
      problem(400, 'unexpected'),
    ])
    const refused = signet.accessToken().catch(error => error)
    await waitUntil(async () => network.asked.length === 3) // a login, and two tries
    t.equal(time.timesOutAfter(), limit, `${25 - retryAfter} s are left`)
    time.advance(limit)
    time.timeOut()
    t.ok((await refused) instanceof SignetError)
    t.equal(signet.user?.username, 'maria')
  }
})

t.test('an answer about who is logged in that was asked for before another login is not about that one', async t => {
  const { open } = await startSignet(t)
  const gate = Promise.withResolvers<void>()
  const between = slowly('/me', () => gate.promise)
  const { signet, events } = open({ network: between })
  await signet.login('maria', 'demo123')
  const who = signet.me()
  await waitUntil(async () => between.asked.includes('/me'))
  await signet.login('thirdy', 'demo123')

  gate.resolve()
  t.equal((await who)?.username, 'thirdy')
  t.equal(signet.user?.username, 'thirdy')
  t.strictSame(events, ['logged-in', 'logged-in'])
})
