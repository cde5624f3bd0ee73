/** What other tabs did, or write into the storage late, against what this one is doing: whoever got further counts. */
import t from 'tap'
import { claimsOf } from '../../../test/helpers/tokens.ts'
import { problem, sharedStorage, startSignet } from './setup.ts'

const soon = async (isTrue: () => boolean) => {
  const until = Date.now() + 30_000
  while (!isTrue() && Date.now() < until) await new Promise(setImmediate)
  return isTrue()
}

/** A tab that nobody hears refreshes what is in the storage. @returns what it would store */
async function refreshedElsewhere(url: string, text = '', at = Date.now()): Promise<string> {
  const { refresh_token } = JSON.parse(text)
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/refresh`, { method: 'POST', headers, body: JSON.stringify({ refresh_token }) })
  return JSON.stringify({ ...((await answer.json()) as object), at })
}

t.test(
  'a try that fails is followed by a look: what another tab has refreshed meanwhile is not sent again',
  async t => {
    const { url, time, open, causes } = await startSignet(t)
    const storage = sharedStorage()
    const key = `signet ${url}`
    let tries = 0
    const { signet } = open({
      storage,
      fetch: async (input, init) => {
        if (!String(input).endsWith('/refresh')) return fetch(input, init)
        tries++
        storage.set(key, await refreshedElsewhere(url, storage.texts.get(key), time.date()))
        throw new TypeError('fetch failed')
      },
    })
    await signet.login('maria', 'demo123')
    time.advance(901)

    const token = await signet.accessToken()
    t.equal(token, JSON.parse(storage.texts.get(key) ?? '').access_token)
    t.equal(tries, 1)
    t.strictSame(causes, ['rotated'])
  },
)

t.test('a 401 to a token that another tab left behind meanwhile ends nothing', async t => {
  const { url, time, open } = await startSignet(t)
  const storage = sharedStorage()
  const key = `signet ${url}`
  const { signet, events } = open({
    storage,
    fetch: async (input, init) => {
      if (!String(input).endsWith('/refresh')) return fetch(input, init)
      storage.set(key, await refreshedElsewhere(url, storage.texts.get(key), time.date()))
      return problem(401, 'token_revoked')
    },
  })
  await signet.login('maria', 'demo123')
  time.advance(901)

  t.equal(await signet.accessToken(), JSON.parse(storage.texts.get(key) ?? '').access_token)
  t.equal(signet.user?.username, 'maria')
  t.notOk(events.includes('ended'))
})

t.test('what was stored before does not take the place of newer tokens, whenever it is written', async t => {
  const { url, time, open } = await startSignet(t)
  const storage = sharedStorage()
  const key = `signet ${url}`
  const { signet, events } = open({ storage })
  await signet.login('maria', 'demo123')
  const old = storage.texts.get(key)
  time.advance(901)
  const token = await signet.accessToken()

  storage.set(key, `${old} `)
  t.equal(await signet.accessToken(), token)
  t.strictSame(events, ['logged-in', 'refreshed'])
})

t.test('a new login counts, however often the one before was refreshed', async t => {
  const { time, open } = await startSignet(t)
  const storage = sharedStorage()
  const [one, other] = [open({ storage }), open({ storage })]
  await one.signet.login('maria', 'demo123')
  for (let i = 0; i < 3; i++) {
    time.advance(901)
    await one.signet.accessToken()
  }

  await other.signet.login('thirdy', 'demo123')
  t.match(claimsOf((await one.signet.accessToken()) ?? ''), { username: 'thirdy' })
  t.equal(one.signet.user?.username, 'thirdy')
})

t.test('a session whose end was told does not come back out of a storage that lags behind', async t => {
  const { url, time, open } = await startSignet(t)
  const storage = sharedStorage()
  const key = `signet ${url}`
  const { signet, events } = open({ storage })
  await signet.login('maria', 'demo123')
  const { sid } = claimsOf((await signet.accessToken()) ?? '')
  // What another process has written before its logout, and what this one gets to see only now.
  storage.set(key, await refreshedElsewhere(url, storage.texts.get(key), time.date()))
  const channel = new BroadcastChannel(key)
  t.teardown(() => channel.close())

  channel.postMessage({ type: 'logged-out', sid })
  t.ok(await soon(() => signet.user === null))
  t.equal(await signet.accessToken(), null)
  t.equal(await signet.me(), null)
  t.equal(events.filter(type => type === 'logged-out').length, 1)
})

t.test('the end of another login is none of ours', async t => {
  const { url, open } = await startSignet(t)
  const { signet, events } = open()
  await signet.login('maria', 'demo123')
  const channel = new BroadcastChannel(`signet ${url}`)
  const heard = new BroadcastChannel(`signet ${url}`)
  t.teardown(() => [channel, heard].forEach(one => void one.close()))
  const arrived = new Promise(resolve => heard.addEventListener('message', resolve))

  channel.postMessage({ type: 'logged-out', sid: 'another-login' })
  await arrived
  await new Promise(setImmediate)
  t.equal((await signet.me())?.username, 'maria')
  t.strictSame(events, ['logged-in'])
})

t.test('a logout that is told while an answer is being stored wins over that answer', async t => {
  const { url, time, open } = await startSignet(t)
  const shared = sharedStorage()
  const gate = Promise.withResolvers<void>()
  let isHeld = false
  const storage = {
    ...shared,
    get: async (key: string) => {
      if (isHeld) await gate.promise
      return shared.get(key)
    },
  }
  const { signet } = open({
    storage,
    fetch: async (input, init) => {
      const answer = await fetch(input, init)
      const whole = new Response(await answer.text(), answer)
      isHeld = String(input).endsWith('/refresh')
      return whole
    },
  })
  await signet.login('maria', 'demo123')
  const { sid } = claimsOf((await signet.accessToken()) ?? '')
  time.advance(901)
  const waiting = signet.accessToken()
  await soon(() => isHeld)
  for (let i = 0; i < 20; i++) await new Promise(setImmediate) // the answer is read by now, and waits for the storage
  const channel = new BroadcastChannel(`signet ${url}`)
  t.teardown(() => channel.close())
  shared.remove(`signet ${url}`)
  channel.postMessage({ type: 'logged-out', sid })
  t.ok(await soon(() => signet.user === null))

  isHeld = false
  gate.resolve()
  t.equal(await waiting, null)
  t.equal(signet.user, null)
  t.notMatch([...shared.texts].join(), 'access_token')
})

t.test('a page that was hidden, asleep or in the cache looks whether it is still logged in, and no other', async t => {
  const [page, window] = [Object.assign(new EventTarget(), { hidden: false }), new EventTarget()]
  const addEventListener = window.addEventListener.bind(window)
  Object.assign(globalThis, { document: page, addEventListener })
  t.teardown(() => {
    for (const name of ['document', 'addEventListener']) Reflect.deleteProperty(globalThis, name)
  })
  const { url, open } = await startSignet(t)
  const storage = sharedStorage()
  const { signet } = open({ storage })
  const change = () => page.dispatchEvent(new Event('visibilitychange'))
  for (const comeBack of [
    change,
    () => window.dispatchEvent(new Event('pageshow')),
    () => window.dispatchEvent(Object.assign(new Event('storage'), { key: `signet ${url}` })),
  ]) {
    await signet.login('maria', 'demo123')
    storage.texts.clear() // a logout that nobody told of
    page.hidden = true
    change()
    window.dispatchEvent(Object.assign(new Event('storage'), { key: 'of another' }))
    for (let i = 0; i < 5; i++) await new Promise(setImmediate)
    t.equal(signet.user?.username, 'maria', 'as it was left')
    page.hidden = false
    comeBack()
    t.ok(await soon(() => signet.user === null))
  }
})

t.test('a storage that cannot be read for a moment logs nobody out', async t => {
  const { open } = await startSignet(t)
  const shared = sharedStorage()
  let isBroken = false
  const get = async (key: string) => {
    if (isBroken) throw new Error('the database is locked')
    return shared.get(key)
  }
  const { signet, events } = open({ storage: { ...shared, get } })
  await signet.login('maria', 'demo123')

  isBroken = true
  t.ok(await signet.accessToken())
  t.equal((await signet.me())?.username, 'maria')
  t.strictSame(events, ['logged-in'])
})
