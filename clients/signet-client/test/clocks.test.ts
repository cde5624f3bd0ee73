/** How old a token is, by two clocks: a date that is wrong, set back, or went on while the computer slept. */
import t from 'tap'
import { sharedStorage, startSignet } from './setup.ts'

t.test('a clock that is wrong by years changes nothing, nor does one that is corrected', async t => {
  const { time, open, causes } = await startSignet(t)
  const storage = sharedStorage()
  const day = 86_400
  for (const wrongBy of [-3650 * day, day, -day, 3650 * day]) {
    time.setDateWrongBy(wrongBy)
    const { signet } = open({ storage })
    await signet.login('maria', 'demo123')
    causes.length = 0
    const token = await signet.accessToken()
    time.advance(840)
    t.equal(await signet.accessToken(), token)
    t.equal(await open({ storage }).signet.accessToken(), token, 'a page that is loaded anew finds it as old as it is')
    t.strictSame(causes, [])
    time.advance(61)
    t.not(await signet.accessToken(), token)
    t.strictSame(causes, ['rotated'])
    time.setDateWrongBy(0)
    t.ok(await signet.accessToken())
    t.equal(signet.user?.username, 'maria')
  }
})

t.test('tokens that were stored under a date too far ahead are no younger than the page that finds them', async t => {
  const { time, open, causes } = await startSignet(t)
  const storage = sharedStorage()
  time.setDateWrongBy(86_400)
  await open({ storage }).signet.login('maria', 'demo123')
  time.setDateWrongBy(0)
  const { signet } = open({ storage })
  const token = await signet.accessToken()
  time.advance(901)
  t.not(await signet.accessToken(), token)
  t.strictSame(causes, ['rotated'])
})

t.test('a date that is set back while a page runs makes no token younger', async t => {
  const { time, open, causes } = await startSignet(t)
  const { signet } = open()
  await signet.login('maria', 'demo123')
  time.setDateWrongBy(-365 * 86_400)
  time.advance(901)

  t.ok(await signet.accessToken())
  t.strictSame(causes, ['rotated'])
})

t.test('a computer that slept, its stopwatch with it, does not send a token that ran out meanwhile', async t => {
  const { url, time, open } = await startSignet(t)
  const { signet, network } = open()
  await signet.login('maria', 'demo123')
  time.sleepFor(3600)

  t.equal((await signet.fetch(`${url}/me`)).status, 200)
  t.strictSame(network.asked, ['/login', '/refresh', '/me'])
})
