/**
 * What a session's row, a generation and a moment mean. Pure: no clock, no store. The rule of docs/refresh.md, line
 * by line; `bench/simulation` and the tests judge with this same function.
 */
import type { Session, SessionView } from '../stores/stores.ts'
import { isLive } from './live.ts'

export interface RefreshPolicy {
  readonly raceWindowSeconds: number
  readonly retriesPerDay: number
}

/** `rotate`, `retry`, `recover` and `reuse` ask for a conditional write; the others change nothing. */
export type RefreshDecision = 'revoked' | 'expired' | 'rotate' | 'repeat' | 'retry' | 'reuse' | 'recover' | 'ahead'

const daySeconds = 86_400

/** Whether a session can still be used at all, and if not, why. */
export function sessionState({ session, user, now }: SessionView): 'live' | 'revoked' | 'expired' {
  if (session.revokedAt !== null || user === undefined || user.disabled) return 'revoked'
  return isLive(session, now) ? 'live' : 'expired'
}

/** Judges a refresh token of generation `gen` against its session: the first line that matches wins. */
export function decideRefresh(view: SessionView, gen: number, policy: RefreshPolicy): RefreshDecision {
  const { session, now } = view
  const state = sessionState(view)
  if (state !== 'live') return state

  const recent = (moment: number | null) => moment !== null && now < moment + policy.raceWindowSeconds
  if (gen === session.generation) return recent(session.rotatedAt) ? 'repeat' : 'rotate'
  if (gen === session.generation - 1) {
    // Anchored at the rotation or the counted retry: a repeat never extends the window (a thief could ride it for ever).
    if (recent(session.rotatedAt) || recent(session.retriedAt)) return 'repeat'
    if (retriesUsed(session, now) < policy.retriesPerDay) return 'retry'
  }
  if (gen < session.generation) return 'reuse'
  return gen === session.generation + 1 ? 'recover' : 'ahead'
}

/** The retries counted in the window that is open at `now`; a window lasts 24 h from its first retry and never slides. */
export function retriesUsed(session: Session, now: number): number {
  return retryWindowIsOver(session, now) ? 0 : session.retries
}

export function retryWindowIsOver({ retriesSince }: Session, now: number): boolean {
  return retriesSince === null || now >= retriesSince + daySeconds
}

/** When the session was last used, as far as a write tells. */
export function lastUsedAt({ createdAt, rotatedAt, retriedAt }: Session): number {
  return Math.max(createdAt, rotatedAt ?? 0, retriedAt ?? 0)
}
