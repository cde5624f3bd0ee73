/** Behaviour 8: storages of any kind, and what becomes of a session where there is none. */
import t from 'tap'
import { sharedStorage, startSignet } from './setup.ts'

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
