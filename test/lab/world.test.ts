/** What the page makes of an answer for the tab that asked. */
import t from 'tap'
import type { Exchange } from '../../lab/model/log.ts'
import { worldAfter } from '../../lab/model/world.ts'

/** Whether the tab has been told that its session is over. */
function isTold(path: string, status: number, code?: string, arrived = true): boolean {
  const request = { method: 'POST', url: `http://localhost:3000/lab/calm${path}`, headers: {}, body: '' }
  const answer = { status, headers: {}, body: code === undefined ? '' : JSON.stringify({ code }) }
  const exchange: Exchange = { rules: 'calm', lane: 'a', at: 1, request, answer, arrived, audit: [] }
  const sent = [{ exchange, presented: undefined, changedAt: undefined, got: [] }]
  const state = { now: 1, sessions: [], keys: [], services: [], mails: [] }
  const log = [{ id: 1, command: 1, state, kind: 'sent', rules: 'calm', sent }] as const
  return worldAfter(log as never, 'calm').lanes.a.isTold
}

t.test('a tab is logged out by its own logout, a revoked token, or a refresh token that is refused', async t => {
  for (const path of ['/logout', '/logout/all']) t.equal(isTold(path, 204), true, path)
  for (const path of ['/me', '/refresh']) t.equal(isTold(path, 401, 'token_revoked'), true, path)
  for (const code of ['invalid_token', 'token_expired']) t.equal(isTold('/refresh', 401, code), true, code)
})

t.test('a tab stays logged in when an access token is refused, and by what it never hears', async t => {
  for (const code of ['invalid_token', 'token_expired']) t.equal(isTold('/me', 401, code), false, code)
  t.equal(isTold('/refresh', 401, 'token_revoked', false), false)
  t.equal(isTold('/logout', 204, undefined, false), false)
  t.equal(isTold('/logout', 503, 'unavailable'), false)
  t.equal(isTold('/me', 200), false)
})
