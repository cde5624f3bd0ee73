/** Ending the sessions of a user in SQLite, within the transaction of what ends them. */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../base/clock.ts'
import { endable, unexpired } from '../../sessions/live.ts'
import type { EndedSession, RevokeReason } from '../../stores/stores.ts'
import { revokedAt, toEnded } from './rows.ts'

/** @returns ends all but `keep` */
export function sessionEnder(raw: DatabaseSync, clock: Clock) {
  const endSessions = raw.prepare(`
    UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = $reason
    WHERE user_id = $userId AND sid IS NOT $keep AND ${endable}
    RETURNING sid, ${unexpired} AS was_live`)
  return (userId: string, reason: RevokeReason, keep: string | null): EndedSession[] =>
    endSessions.all({ userId, reason, keep, now: clock() }).map(toEnded)
}
