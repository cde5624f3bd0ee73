/**
 * Refreshes that are all rotations: every answer's token is the next one of its session. autocannon does it with
 * `setupRequest` and `onResponse`; sessions wait in one queue, so each is used as rarely as their number allows.
 */

import type autocannon from 'autocannon'
import { type LoadResult, load } from './load.ts'
import type { Server } from './processes.ts'
import { call, saturate } from './saturate.ts'

export interface Sessions {
  /** Refresh tokens, each the current one of its session; taken from the front, put back at the end. */
  readonly waiting: string[]
}

export async function loadRefresh(
  server: Server,
  { waiting }: Sessions,
  seconds: number,
  { maySleep = false } = {},
): Promise<LoadResult> {
  const others = new Map<string, number>()
  const request: autocannon.Request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    setupRequest: given => {
      // Those in flight when time is up are lost with their answer: the token we hold would be a used one.
      const token = waiting.shift() ?? 'none left' // is refused, and that ends the run
      return { ...given, body: `{"refresh_token":"${token}"}` }
    },
    onResponse: (status, body, _context, headers) => {
      const cause = String((headers as Record<string, unknown>)['signet-refresh'] ?? status)
      if (cause === 'rotated') waiting.push(JSON.parse(body).refresh_token)
      else others.set(cause, (others.get(cause) ?? 0) + 1)
    },
  }
  const result = await load(server, { path: '/refresh', seconds, connections: 50, requests: [request], maySleep })
  if (others.size > 0) throw new Error(`refreshes that were no rotation: ${JSON.stringify([...others])}`)
  return result
}

/** As many at once as a server has connections, until told to stop. */
export function saturateRefresh({ url }: Server, { waiting }: Sessions, inFlight = 50) {
  const headers = { 'content-type': 'application/json' }
  return saturate(async agent => {
    const body = `{"refresh_token":"${waiting.shift() ?? 'none left'}"}`
    const answer = await call(agent, { method: 'POST', url: `${url}/refresh`, headers, body })
    waiting.push(JSON.parse(answer).refresh_token)
  }, inFlight)
}
