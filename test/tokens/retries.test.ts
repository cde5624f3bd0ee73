/** What a lost answer may cost: how often the token before the newest is still taken (docs/refresh.md). */
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'

const day = 86_400

/** What comes of the first token of a session that has gone on without its client, presented again after each of these pauses. */
async function causesOf(t: Test, pauses: readonly number[]) {
  const { clock, logIn, refresh, log } = await testApp(t, { refreshRetriesPerDay: 2 })
  const first = await logIn()
  await refresh(first.refresh_token) // its answer is lost
  const causes: unknown[] = []
  for (const seconds of pauses) {
    clock.advance(seconds)
    const response = await refresh(first.refresh_token)
    causes.push(response.headers['signet-refresh'] ?? response.json().code)
  }
  t.equal(log.filter(line => line.includes('refresh.retried')).length, causes.filter(one => one === 'retried').length)
  return causes
}

t.test('a lost answer can be retried within the daily budget, and then never again that day', async t => {
  t.strictSame(await causesOf(t, [60, 60, 60]), ['retried', 'retried', 'token_revoked'])
  t.strictSame(await causesOf(t, [60, 60, day - 61]), ['retried', 'retried', 'token_revoked'], 'to its last second')
})

t.test('the next day has a budget of its own, as small as that of the first', async t => {
  const causes = ['retried', 'retried', 'retried', 'retried', 'token_revoked']
  t.strictSame(await causesOf(t, [60, 60, day - 60, 60, 60]), causes)
})

t.test('a retry opens a window of its own, in which the previous token is repeated and not counted', async t => {
  const { clock, logIn, refresh } = await testApp(t, { refreshRetriesPerDay: 1 })
  const first = await logIn()
  const rotated = (await refresh(first.refresh_token)).json()
  clock.advance(60)
  t.equal((await refresh(first.refresh_token)).headers['signet-refresh'], 'retried')
  clock.advance(29)
  const again = await refresh(first.refresh_token)
  t.equal(again.headers['signet-refresh'], 'repeated')
  t.equal(again.json().refresh_token, rotated.refresh_token)
})
