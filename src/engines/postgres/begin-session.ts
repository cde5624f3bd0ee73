/**
 * Beginning a session in PostgreSQL: one statement, and a second one only when another session must end for it. Logins of
 * one user take turns at the user's row, which numbers them.
 */
import { live, unexpired } from '../../sessions/live.ts'
import type { BegunSession, EndedSession, NewSession } from '../../stores/stores.ts'
import { amrText, mostEndedAtOnce } from '../rows.ts'
import { noteSuccess } from './book-attempt.ts'
import { type PostgresDatabase, statement } from './postgres-database.ts'
import { revokedAt, toEnded, toView, view } from './rows.ts'

/**
 * The lock on the user makes a change of the user and this insertion wait for each other: else a password could be
 * changed, and the sessions ended, while a login with the old one is not yet committed and so not seen.
 *
 * That it was a success of the throttle is noted in the same statement, so both are or none is.
 *
 * `others` cannot see logins that came in while this statement waited for the lock. But `sessions_begun` can: as it is in
 * `before` it belongs to what `others` sees, and as updated to the present, so the difference is this login and those.
 */
const create = statement(
  'create session',
  `WITH before AS (
    SELECT sessions_begun FROM users WHERE user_id = $userId
  ), others AS (
    SELECT count(*) AS live FROM (
      SELECT FROM sessions WHERE user_id = $userId AND ${live} LIMIT $most::bigint) AS counted
  ), users AS (
    UPDATE users SET sessions_begun = sessions_begun + 1
    WHERE user_id = $userId AND NOT disabled AND credentials_version = $version::bigint
    RETURNING *
  ), sessions AS (
    INSERT INTO sessions (
      sid, user_id, number, created_at, auth_time, expires_at, due_at, max_expires_at, ip, user_agent, amr)
    SELECT $sid, user_id, sessions_begun, $now, $now, $now + least($idle::bigint, $maxAge::bigint),
      $now + least($idle::bigint, $maxAge::bigint), $now + $maxAge::bigint, $ip, $userAgent, $amr
    FROM users
    RETURNING *
  ), success AS (${noteSuccess('users,')})
  SELECT ${view}, others.live + users.sessions_begun - before.sessions_begun > $most::bigint AS too_many
  FROM sessions JOIN users ON users.user_id = sessions.user_id, others, before`,
)

/**
 * Each login does this after its insertion, and all of them sort alike, so whoever comes last sees all and leaves `most`,
 * and none ends more than it must. Sessions begun with this one or later come first: after a clock was set back they
 * would seem to be unused longest. Locked in one order, so that several do not deadlock.
 */
const endOthers = statement(
  'end sessions beyond the limit',
  `WITH beyond AS (
    SELECT sid FROM sessions WHERE user_id = $userId AND ${live}
    ORDER BY coalesce(number, 0) >= (SELECT number FROM sessions WHERE sid = $sid) DESC,
      greatest(created_at, rotated_at, retried_at) DESC, coalesce(number, 0) DESC
    LIMIT ${mostEndedAtOnce} OFFSET $most::bigint
  ), locked AS (
    SELECT sid FROM sessions WHERE user_id = $userId AND sid IN (SELECT sid FROM beyond) AND ${live}
    ORDER BY sid FOR UPDATE
  )
  UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = 'displaced'
  WHERE sid IN (SELECT sid FROM locked)
  RETURNING sid, ${unexpired} AS was_live`,
)

export function sessionBeginner({ ask }: PostgresDatabase) {
  return async (session: NewSession, version: number): Promise<BegunSession | undefined> => {
    const { sid, userId, idleSeconds: idle, maxAgeSeconds: maxAge, ip, userAgent, most = null } = session
    const { key = null, known = null } = session.success ?? {}
    const amr = amrText(session.amr)
    const [row] = await ask(create, { sid, userId, idle, maxAge, ip, userAgent, amr, version, most, key, known })
    const begun = toView(row)
    if (!begun) return undefined
    const ended: EndedSession[] = []
    for (let isDone = row?.['too_many'] !== true; !isDone; ) {
      const some = (await ask(endOthers, { userId, sid, most })).map(toEnded)
      ended.push(...some)
      isDone = some.length < mostEndedAtOnce
    }
    return { ...begun, ended }
  }
}
