/** Behaviour 9: who logs in, by any name, and the device that a login shows. */
import t from 'tap'
import { claimsOf } from '../../../test/helpers/tokens.ts'
import { sharedStorage, startSignet } from './setup.ts'

t.test('a name is read as it is written, in any script', async t => {
  const { app, open } = await startSignet(t)
  await app.users.create({ username: '張偉', password: 'a long sentence', email: 'josé@example.com' }, {})
  const { signet } = open()

  t.match(await signet.login('張偉', 'a long sentence'), { username: '張偉', email: 'josé@example.com' })
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

t.test('it shows that of a session too that was ended elsewhere, and never logged out here', async t => {
  const { app, time, open } = await startSignet(t)
  const storage = sharedStorage()
  const { signet } = open({ storage })
  await signet.login('maria', 'demo123')
  const { sid } = claimsOf((await signet.accessToken()) ?? '')
  await app.sessions.logOutAll('user-2', { ip: '127.0.0.1' })
  time.advance(901)
  t.equal(await signet.accessToken(), null)

  const shown: string[] = []
  const { signet: back } = open({
    storage,
    fetch: (input, init) => {
      shown.push(JSON.parse(String(init?.body)).device)
      return fetch(input, init)
    },
  })
  await back.login('maria', 'demo123')
  t.equal(claimsOf(shown[0] ?? '')['sid'], sid)
})
