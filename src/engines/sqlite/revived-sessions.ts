/** Which sessions were ended since a backup, and would live again with it. */
import type { DatabaseSync } from 'node:sqlite'
import { asThrown } from '../../base/thrown.ts'
import { live } from '../../sessions/live.ts'
import type { RevivedSession } from '../../stores/restore.ts'
import type { Row } from '../rows.ts'
import { kindOf } from './sqlite-errors.ts'

/**
 * @param restored the backup as it would be served, at the current schema
 * @param former the database as it is now, of whichever schema
 * @returns undefined when the former one cannot be read to the end
 */
export function findRevived(restored: DatabaseSync, former: DatabaseSync, now: number): RevivedSession[] | undefined {
  const candidates = restored.prepare(`
    SELECT sid, user_id, username FROM sessions JOIN users USING (user_id)
    WHERE disabled = 0 AND ${live} ORDER BY username, sid`)
  try {
    const ended = endOf(former)
    const revived: RevivedSession[] = []
    for (const row of candidates.iterate({ now })) {
      const [sid, userId, username] = [row['sid'], row['user_id'], row['username']].map(String) as [
        string,
        string,
        string,
      ]
      const end = ended(sid, userId)
      if (end) revived.push({ sid, userId, username, ...end })
    }
    return revived
  } catch (error) {
    if (asThrown(error).code !== 'ERR_SQLITE_ERROR' || kindOf(error) === 'busy') throw error
    return undefined // damaged, or not a database of ours
  }
}

function endOf(former: DatabaseSync) {
  const session = former.prepare('SELECT revoked_at, revoke_reason FROM sessions WHERE sid = ?')
  const user = former.prepare('SELECT disabled FROM users WHERE user_id = ?')
  return (sid: string, userId: string): Pick<RevivedSession, 'endedAt' | 'reason'> | undefined => {
    const row: Row | undefined = session.get(sid)
    if (!row) return { endedAt: null, reason: null }
    if (row['revoked_at'] !== null) {
      return { endedAt: row['revoked_at'] as number, reason: row['revoke_reason'] as string }
    }
    const owner = user.get(userId)
    if (!owner) return { endedAt: null, reason: 'deleted' }
    return owner['disabled'] === 1 ? { endedAt: null, reason: 'disabled' } : undefined
  }
}
