/** What each act of the lab's page does to its instances, which are nobody's. (Who may act: lab-guard.test.ts) */
import t from 'tap'
import { labApp, tokensIn } from '../helpers/lab.ts'
import { claimsOf } from '../helpers/tokens.ts'

/** Its instances are started once: an act of one test is nothing to the sessions of another. */
const { app, lab } = await labApp(t)

t.test('two refreshes at once: calm logs nobody out, strict ends the session', async t => {
  for (const rules of ['calm', 'strict'] as const) {
    const { refresh_token } = await lab.logIn(rules)
    await lab.advance(60)
    const both = await Promise.all([
      lab.refresh(rules, refresh_token),
      lab.refresh(rules, refresh_token, { lane: 'b' }),
    ])
    const events = both.flatMap(({ exchange }) => exchange.audit.map(({ event }) => event)).sort()
    const row = both.map(({ state }) => state.sessions.at(-1)).at(-1)
    if (rules === 'calm') {
      t.strictSame(events, ['refresh.repeated', 'refresh.rotated'])
      const [one, other] = both.map(({ exchange }) => tokensIn(exchange).refresh_token)
      t.equal(one, other, 'one successor')
      t.match(row, { generation: 1, revoked_at: null, ip: '192.0.2.10' })
    } else {
      t.strictSame(events, ['refresh.reuse', 'refresh.rotated'])
      t.strictSame(both.map(({ exchange }) => exchange.answer.status).sort(), [200, 401])
      t.match(row, { generation: 1, revoke_reason: 'reuse' })
    }
  }
})

t.test('an answer that is lost has happened all the same, and is shown to nobody', async t => {
  const { refresh_token } = await lab.logIn('calm')
  const { exchange, state } = await lab.refresh('calm', refresh_token, { lose: true })
  t.match(exchange, { arrived: false, answer: { status: 200, body: '' }, audit: [{ event: 'refresh.rotated' }] })
  t.equal(state.sessions.at(-1)?.generation, 1)
  await lab.advance(31)
  const again = await lab.refresh('calm', refresh_token)
  t.match(again.exchange, { answer: { headers: { 'signet-refresh': 'retried' } } })
  const at = again.state.now
  const times = { rotated_at: at - 31, retried_at: at, retries_since: at }
  t.match(again.state.sessions.at(-1), { generation: 1, retries: 1, ...times })
})

t.test('a thief comes from an address of his own, and a session that he begins is shown like any other', async t => {
  const { refresh_token } = await lab.logIn('calm')
  const address = '203.0.113.66'
  const stolen = await lab.refresh('calm', refresh_token, { lane: 'thief' })
  t.match(stolen.exchange.audit, [{ event: 'refresh.rotated', ip: address }])
  t.match(stolen.state.sessions.at(-1), { ip: '192.0.2.10' }, 'the session is that of whoever began it')
  const body = { username: 'maria', password: 'demo123' }
  const { state } = await lab.send({ rules: 'calm', lane: 'thief', method: 'POST', path: '/login', body })
  t.match(state.sessions.at(-1), { ip: address })
})

t.test('the clock moves for tokens, rows and answers alike, at once', async t => {
  const tokens = await lab.logIn('calm')
  const { now } = (await lab.advance(899)).state
  t.equal((await lab.me('calm', tokens.access_token)).exchange.answer.status, 200)
  await lab.advance(1)
  const late = await lab.me('calm', tokens.access_token)
  t.match(late.exchange, { at: now + 1, answer: { status: 401, body: /Token expired/ } })
  t.equal(claimsOf(tokens.access_token)['exp'], late.state.now)
  t.match(await lab.refresh('calm', tokens.refresh_token), { exchange: { answer: { status: 200 } } })
  await lab.advance(7 * 86_400)
  t.match(await lab.refresh('calm', tokens.refresh_token), { exchange: { audit: [{ event: 'refresh.expired' }] } })
  t.ok(Math.abs(app.clock() - Date.now() / 1000) < 60, "the service's own clock is another")
})

t.test('a secret that is rotated ends no session; one that is gone ends them all', async t => {
  const tokens = await lab.logIn('calm')
  const [first] = (await lab.restart()).state.keys
  t.ok(first, 'and a new beginning has new keys')
  const { access_token, refresh_token } = await lab.logIn('calm')
  t.match(await lab.me('calm', tokens.access_token), { exchange: { answer: { status: 401, body: /Invalid token/ } } })
  const rotated = (await lab.changeSecret('rotate')).state.keys
  t.equal(rotated.length, 2)
  t.equal(rotated[1], first)
  t.equal((await lab.me('calm', access_token)).exchange.answer.status, 200)
  const next = await lab.refresh('calm', refresh_token)
  t.equal(next.exchange.answer.status, 200)
  t.equal((await lab.changeSecret('forget')).state.keys.length, 1)
  t.match(await lab.me('calm', access_token), { exchange: { answer: { body: /Invalid token/ } } })
  t.equal((await lab.me('calm', tokensIn(next.exchange).access_token)).exchange.answer.status, 200)
})

t.test('a forgotten password: the mail is in the mailbox, its link works once and ends every session', async t => {
  const post = (path: string, body: Readonly<Record<string, unknown>>) =>
    lab.send({ rules: 'calm', method: 'POST', path, body })
  const tokens = tokensIn((await post('/login', { username: 'thirdy', password: 'demo123' })).exchange)

  const unknown = await post('/password/forgot', { username: 'nobody' })
  t.match(unknown, { exchange: { answer: { status: 202 } }, state: { mails: [] } })
  const asked = await post('/password/forgot', { username: 'thirdy' })
  t.equal(asked.exchange.answer.status, 202)
  t.match(asked.state.mails, [{ to: 'thirdy@example.com', at: asked.state.now, subject: /new password/ }])
  const token = /#token=(\S+)/.exec(asked.state.mails[0]?.text ?? '')?.[1]
  t.equal((await lab.changeSecret('rotate')).state.mails.length, 1, 'it stays when the server restarts')

  const link = { token, new_password: 'a long sentence of mine' }
  const reset = await post('/password/reset', link)
  t.equal(reset.exchange.answer.status, 204)
  t.match(reset.state.sessions.at(-1), { username: 'thirdy', revoke_reason: 'password_changed' })
  t.equal(reset.state.mails.length, 2, 'the owner is told')
  t.match(await lab.me('calm', tokens.access_token), { exchange: { answer: { status: 401, body: /Token revoked/ } } })
  t.match(await post('/password/reset', link), { exchange: { answer: { status: 400, body: /invalid_link/ } } })
  t.strictSame((await lab.restart()).state.mails, [], 'a new beginning has an empty one')
})

t.test(
  'after a logout the service that asks refuses, the one that verifies by itself when the token expires',
  async t => {
    const { access_token } = await lab.logIn('calm')
    t.match((await lab.ask('calm', access_token)).services, {
      asks: { isAccepted: true, detail: 'maria' },
      byItself: { isAccepted: true, detail: 'maria' },
    })
    await lab.send({ rules: 'calm', method: 'POST', path: '/logout', token: access_token })
    const refused = { isAccepted: false, detail: 'Token revoked' }
    t.match((await lab.ask('calm', access_token)).services, { asks: refused, byItself: { isAccepted: true } })
    await lab.advance(899)
    t.match((await lab.ask('calm', access_token)).services, { asks: refused, byItself: { isAccepted: true } })
    await lab.advance(1)
    t.match((await lab.ask('calm', access_token)).services.byItself, { isAccepted: false, detail: 'Token expired' })
  },
)
