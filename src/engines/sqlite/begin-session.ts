/** Beginning a session in SQLite, and ending those beyond the limit for it: one act, and writers come one after another. */
import type { Clock } from '../../base/clock.ts'
import { live, unexpired } from '../../sessions/live.ts'
import type { EndedSession, NewSession } from '../../stores/stores.ts'
import { amrText, mostEndedAtOnce, type Row } from '../rows.ts'
import { revokedAt, toEnded } from './rows.ts'
import { successNoter } from './sqlite-attempts.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

interface Begun {
  readonly row: Row
  readonly now: number
  readonly ended: readonly EndedSession[]
}

export function sessionBeginner({ raw, transaction }: SqliteDatabase, clock: Clock) {
  const insert = raw.prepare(`
    INSERT INTO sessions (
      sid, user_id, number, created_at, auth_time, expires_at, due_at, max_expires_at, ip, user_agent, amr)
    SELECT $sid, user_id, sessions_begun + 1, $now, $now, $now + min($idle, $maxAge), $now + min($idle, $maxAge),
      $now + $maxAge, $ip, $userAgent, $amr
    FROM users WHERE user_id = $userId AND disabled = 0 AND credentials_version = $version
    RETURNING *`)
  const count = raw.prepare('UPDATE users SET sessions_begun = sessions_begun + 1 WHERE user_id = ?')
  // Never the new one: after a clock was set back it would seem to be unused longest.
  const endOthers = raw.prepare(`
    UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = 'displaced' WHERE sid IN (
      SELECT sid FROM sessions WHERE user_id = $userId AND ${live}
      ORDER BY sid = $sid DESC, max(created_at, coalesce(rotated_at, 0), coalesce(retried_at, 0)) DESC, number DESC
      LIMIT ${mostEndedAtOnce} OFFSET $most)
    RETURNING sid, ${unexpired} AS was_live`)

  const noteSuccess = successNoter(raw)

  return async (session: NewSession, version: number): Promise<Begun | undefined> => {
    const { sid, userId, idleSeconds: idle, maxAgeSeconds: maxAge, ip, userAgent, most } = session
    const end = (now: number) => (most === undefined ? [] : endOthers.all({ userId, sid, most, now }).map(toEnded))
    const begun = await transaction((): Begun | undefined => {
      const now = clock()
      const row = insert.get({ sid, userId, ip, userAgent, amr: amrText(session.amr), version, now, idle, maxAge })
      if (!row) return undefined
      count.run(userId)
      if (session.success) noteSuccess(session.success, userId, now)
      return { row, now, ended: end(now) }
    })
    if (!begun) return undefined
    const ended = [...begun.ended]
    for (let some = ended; some.length === mostEndedAtOnce; ended.push(...some)) {
      some = await transaction(() => end(clock()))
    }
    return { ...begun, ended }
  }
}
