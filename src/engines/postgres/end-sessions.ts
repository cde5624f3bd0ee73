/** Ending the sessions of a user in PostgreSQL, within the transaction of what ends them. */
import { endable, unexpired } from '../../sessions/live.ts'
import type { EndedSession, RevokeReason } from '../../stores/stores.ts'
import { type Ask, statement } from './postgres-database.ts'
import { revokedAt, toEnded } from './rows.ts'

const endSessions = statement(
  'end sessions of user',
  `UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = $reason
  WHERE user_id = $userId AND sid IS DISTINCT FROM $keep AND ${endable}
  RETURNING sid, ${unexpired} AS was_live`,
)

/** Ends all but `keep`, once the row of the user is locked: a login that is not committed yet waits or is seen. */
export async function end(
  ask: Ask,
  userId: string,
  reason: RevokeReason,
  keep: string | null,
): Promise<EndedSession[]> {
  return (await ask(endSessions, { userId, reason, keep })).map(toEnded)
}
