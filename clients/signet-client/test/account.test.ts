/** The own account, and a login that is made fresh again. */
import t from 'tap'
import { codeOf, stepAt } from '../../../src/factors/totp.ts'
import { fromBase32 } from '../../../test/helpers/authenticator.ts'
import { claimsOf } from '../../../test/helpers/tokens.ts'
import { sharedStorage, startSignet } from './setup.ts'

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
