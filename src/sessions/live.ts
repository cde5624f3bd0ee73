/**
 * What "live" means and what can be ended, said once: as functions for the domain, and as conditions for the SQL of both
 * engines, whose columns have the same names and whose `$now` is the store's time.
 */
import type { Session } from '../stores/stores.ts'

/** When the session ends if nobody uses it again. No access token of it lives longer. */
export function endsAt({ expiresAt, maxExpiresAt }: Pick<Session, 'expiresAt' | 'maxExpiresAt'>): number {
  return Math.min(expiresAt, maxExpiresAt)
}

export function isLive(session: Session, now: number): boolean {
  return session.revokedAt === null && now < endsAt(session)
}

/** Rows whose time is not over. */
export const unexpired = 'sessions.expires_at > $now AND sessions.max_expires_at > $now'

/** Rows of live sessions: `isLive`. */
export const live = `sessions.revoked_at IS NULL AND ${unexpired}`

/**
 * Rows that an act which ends sessions ends: also those whose time is over. Versions before this one gave access tokens that
 * outlive the idle end, and only a revoked session's tokens are refused.
 */
export const endable = 'sessions.revoked_at IS NULL'
