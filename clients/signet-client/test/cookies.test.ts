/** Cookie mode: tabs that see no token know by what Signet answers, and by each other, who is logged in. */
import t from 'tap'
import { waitUntil } from '../../../test/helpers/process.ts'
import { network, startSignet } from './setup.ts'

/** The cookies of a browser, for all of its tabs. */
function browser() {
  const jar = new Map<string, string>()
  const between = network()
  const send: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('origin', new URL(String(input)).origin)
    if (jar.size > 0) headers.set('cookie', [...jar].map(pair => pair.join('=')).join('; '))
    const answer = await between.fetch(input, { ...init, headers })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value) jar.set(name, value)
      else jar.delete(name)
    }
    return answer
  }
  return { jar, network: { ...between, fetch: send } }
}

t.test('a refresh changes the tokens, and not who is logged in', async t => {
  const { time, open, causes } = await startSignet(t)
  const { signet, events } = open({ mode: 'cookie', network: browser().network })
  t.equal((await signet.login('maria', 'demo123')).username, 'maria')
  time.advance(901)
  await signet.accessToken()
  t.strictSame(causes, ['rotated'])
  t.equal(signet.user?.username, 'maria')
  t.strictSame(events, ['logged-in', 'refreshed'])
})

t.test('who has no cookie any more is not logged in, as the next refresh finds', async t => {
  const { time, open } = await startSignet(t)
  const { jar, network } = browser()
  const { signet, events } = open({ mode: 'cookie', network })
  await signet.login('maria', 'demo123')
  jar.clear()
  time.advance(901)
  await signet.accessToken()
  t.equal(signet.user, null)
  t.strictSame(events, ['logged-in', 'ended'])
})

t.test('that a session ended in another tab is looked at: it may have been one before this login', async t => {
  const { url, open } = await startSignet(t)
  const { jar, network } = browser()
  const { signet } = open({ mode: 'cookie', network })
  await signet.login('maria', 'demo123')
  const channel = new BroadcastChannel(`signet ${url}`)
  t.teardown(() => channel.close())
  const looks = () => network.asked.filter(path => path === '/me').length
  const before = looks()
  channel.postMessage({ type: 'ended' })
  await waitUntil(async () => looks() > before || !signet.user, 5)
  t.equal(signet.user?.username, 'maria')
  t.equal((await signet.me())?.username, 'maria')

  jar.clear()
  channel.postMessage({ type: 'ended' })
  await waitUntil(async () => signet.user === null)
})

t.test('a refresh that is under way is given up for a login, whose cookies are newer', async t => {
  const { time, open, causes } = await startSignet(t)
  const { network } = browser()
  const gate = Promise.withResolvers<void>()
  let isUnderWay = false
  const slow: typeof fetch = async (input, init) => {
    if (String(input).endsWith('/refresh')) {
      isUnderWay = true
      await gate.promise
    }
    return network.fetch(input, init)
  }
  const { signet } = open({ mode: 'cookie', fetch: slow })
  await signet.login('maria', 'demo123')
  time.advance(901)
  const waiting = signet.accessToken()
  await waitUntil(async () => isUnderWay)
  await signet.login('thirdy', 'demo123')
  gate.resolve()
  await waiting
  t.strictSame(causes, [])
  t.equal((await signet.me())?.username, 'thirdy')
})
