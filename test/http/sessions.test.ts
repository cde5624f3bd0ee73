/** `GET /sessions`: what a user is told of each login, and which one is asking. */
import t from 'tap'
import { testApp } from '../helpers/app.ts'

const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

t.test(
  'each session tells when it began, when it was used, when it ends, from where, and whether it is this one',
  async t => {
    const { app, clock, refresh } = await testApp(t, { refreshTokenSeconds: 1000, sessionMaxAgeSeconds: 5000 })
    const begin = async (agent: string, remoteAddress: string) =>
      (
        await app.inject({
          method: 'POST',
          url: '/login',
          headers: { 'user-agent': agent },
          remoteAddress,
          body: { username: 'maria', password: 'demo123' },
        })
      ).json()
    const began = clock()
    const first = await begin('phone', '192.0.2.1')
    clock.advance(100)
    await begin('laptop', '192.0.2.2')
    clock.advance(100)
    const { access_token: token } = (await refresh(first.refresh_token)).json()

    const answer = await app.inject({ url: '/sessions', headers: { authorization: `Bearer ${token}` } })
    const [laptop, phone] = answer.json().sessions
    t.match(laptop, {
      created_at: iso(began + 100),
      last_used_at: iso(began + 100),
      expires_at: iso(began + 1100),
      ip: '192.0.2.2',
      user_agent: 'laptop',
      current: false,
    })
    t.match(phone, {
      created_at: iso(began),
      last_used_at: iso(began + 200),
      expires_at: iso(began + 1200),
      ip: '192.0.2.1',
      user_agent: 'phone',
      current: true,
    })
    t.equal(answer.json().next, null)
  },
)

t.test('of what a client calls itself 256 characters are kept, however it logs in', async t => {
  const { app } = await testApp(t)
  const headers = { 'user-agent': `${'x'.repeat(255)}yz` }
  const given = { username: 'maria', password: 'demo123' }
  const { access_token: token } = (await app.inject({ method: 'POST', url: '/login', headers, body: given })).json()
  const oauth = { ...headers, 'content-type': 'application/x-www-form-urlencoded' }
  const body = String(new URLSearchParams({ ...given, grant_type: 'password' }))
  t.equal((await app.inject({ method: 'POST', url: '/token', headers: oauth, body })).statusCode, 200)
  const answer = await app.inject({ url: '/sessions', headers: { authorization: `Bearer ${token}` } })
  const agents = answer.json().sessions.map((session: { user_agent: string }) => session.user_agent)
  t.strictSame(agents, Array(2).fill(`${'x'.repeat(255)}y`))
})
