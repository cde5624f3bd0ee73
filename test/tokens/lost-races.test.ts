/** A refresh that was judged, and whose write came too late: it judges again, a few times. */
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'

/** A session at its second generation, whose first token now asks for a write: a retry, or an end. */
async function late(t: Test, overrides: object) {
  const made = await testApp(t, { refreshRaceWindowSeconds: 10, ...overrides })
  const { refresh_token: first } = await made.logIn('maria')
  const { refresh_token: second } = (await made.refresh(first)).json()
  made.clock.advance(60)
  return { ...made, first, second, sessions: made.app.stores.sessions }
}

t.test('a write that lost once is judged again, and wins', async t => {
  const { sessions, first, refresh } = await late(t, { refreshRetriesPerDay: 1 })
  const { countRetry } = sessions
  let losses = 1
  sessions.countRetry = async (...given) => (losses-- > 0 ? undefined : countRetry(...given))

  const answer = await refresh(first)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['signet-refresh'], 'retried')
})

t.test('one that loses every time is given up after three, as an outage', async t => {
  const { sessions, first, second, refresh } = await late(t, { refreshRetriesPerDay: 1 })
  let losses = 0
  sessions.countRetry = async () => {
    if (++losses > 10) throw new Error('it goes on for ever')
    return undefined
  }

  const answer = await refresh(first)
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { code: 'unavailable' })
  t.equal(answer.headers['retry-after'], '1')
  t.equal(losses, 3)
  t.equal((await refresh(second)).statusCode, 200, 'nothing is consumed')
})

t.test('an end that came too late for the generation it was judged by is judged and written again', async t => {
  const { sessions, first, second, refresh } = await late(t, { refreshRetriesPerDay: 0 })
  const { revoke } = sessions
  let owner: Awaited<ReturnType<typeof refresh>> | undefined
  sessions.revoke = async (...given) => {
    owner ??= await refresh(second) // the owner, a moment before
    return revoke(...given)
  }

  t.match((await refresh(first)).json(), { code: 'token_revoked' })
  t.equal(owner?.statusCode, 200)
  t.match((await refresh(owner?.json().refresh_token)).json(), { code: 'token_revoked' }, 'the session has ended')
})
