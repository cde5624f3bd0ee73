/** The own account, its sessions and its password, and a login that is made fresh again. */
import t from 'tap'
import { codeOf, stepAt } from '../../../src/factors/totp.ts'
import { fromBase32 } from '../../../test/helpers/authenticator.ts'
import { claimsOf } from '../../../test/helpers/tokens.ts'
import { problem, sharedStorage, startSignet } from './setup.ts'

t.test('the account is the user as stored', async t => {
  const { app, open } = await startSignet(t)
  const { signet } = open()
  await t.rejects(signet.account(), { name: 'SignetError', code: 'missing_token' })
  await signet.login('maria', 'demo123')
  await app.stores.users.update('user-2', { email: 'maria@example.com' })
  t.match(await signet.account(), { user_id: 'user-2', email: 'maria@example.com', second_factors: [] })
})

t.test('after a confirmation every tab sends tokens that are fresh', async t => {
  const { url, time, open, causes } = await startSignet(t)
  const storage = sharedStorage()
  const [first, second] = [open({ storage }), open({ storage })]
  await first.signet.login('maria', 'demo123')
  const rename = async (tab = first, username = 'ana') => {
    const body = JSON.stringify({ username })
    const headers = { 'content-type': 'application/json' }
    const answer = await tab.signet.fetch(`${url}/me/account`, { method: 'PATCH', headers, body })
    return (await answer.json()).code ?? answer.status
  }
  time.advance(301)
  t.equal(await rename(), 'fresh_login_required')
  t.strictSame(causes, [], 'and nobody refreshes for that')

  await t.rejects(first.signet.confirm({ current_password: 'wrong' }), { code: 'invalid_credentials', status: 401 })
  t.equal(first.signet.user?.username, 'maria', 'a wrong password logs nobody out')
  t.equal(await rename(), 'fresh_login_required')

  await first.signet.confirm({ current_password: 'demo123' })
  t.equal(await rename(), 200)
  t.equal(await rename(second, 'maria'), 200)
  t.strictSame(first.events, ['logged-in', 'refreshed'])
})

t.test('a refresh that was under way does not put a token of before in the place of a fresh one', async t => {
  const { time, open } = await startSignet(t)
  const gate = Promise.withResolvers<void>()
  const between = open().network
  const slow: typeof fetch = async (input, init) => {
    const answer = await between.fetch(input, init)
    if (String(input).endsWith('/refresh')) await gate.promise
    if (String(input).endsWith('/me/confirm')) {
      // It arrives when the confirmation has been answered, and read.
      const text = await answer.text()
      answer.text = async () => {
        setImmediate(gate.resolve)
        return text
      }
    }
    return answer
  }
  const { signet } = open({ fetch: slow })
  await signet.login('maria', 'demo123')
  time.advance(880) // soon over, so it is renewed beside the request that finds it so
  const loggedInAt = time.serverSeconds() - 880
  t.equal(claimsOf(String(await signet.accessToken()))['auth_time'], loggedInAt)
  await signet.confirm({ current_password: 'demo123' })
  t.equal(claimsOf(String(await signet.accessToken()))['auth_time'], loggedInAt + 880)
})

t.test('who has a second factor logs in and confirms with a code of it', async t => {
  const service = await startSignet(t, { secondFactor: 'optional' })
  const { time, open } = service
  const { signet } = open()
  await signet.login('maria', 'demo123')
  const ask = async (path: string, body: object = {}) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await signet.fetch(`${service.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return answer.json()
  }
  const secret = fromBase32((await ask('/me/totp')).secret)
  const code = () => codeOf(secret, stepAt(time.serverSeconds()))
  t.equal((await ask('/me/totp/confirm', { code: code() })).recovery_codes.length, 10)
  await signet.logout()

  await t.rejects(signet.login('maria', 'demo123'), {
    code: 'second_factor_required',
    problem: { factors: ['totp', 'recovery_code'] },
  })
  await t.rejects(signet.login('maria', 'demo123', '000000'), { code: 'invalid_code' })
  t.equal(signet.user, null)
  time.advance(30)
  t.equal((await signet.login('maria', 'demo123', code())).username, 'maria')
  time.advance(301)
  await t.rejects(signet.confirm({ current_password: 'demo123' }), { code: 'second_factor_required' })
  await signet.confirm({ code: code() })
  t.strictSame(claimsOf(String(await signet.accessToken()))['amr'], ['otp', 'mfa'])
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
