/**
 * Sessions in PostgreSQL. Each act is one prepared, conditional statement. Under READ COMMITTED an UPDATE that had to wait
 * for another one judges its WHERE again by the row the other left behind, so of several with one condition one wins.
 */

import { endable, live, unexpired } from '../../sessions/live.ts'
import type { SessionStore } from '../../stores/stores.ts'
import { amrText, newest, type Row, toSession } from '../rows.ts'
import { sessionBeginner } from './begin-session.ts'
import { type PostgresDatabase, statement } from './postgres-database.ts'
import { sessionRotator } from './rotate-together.ts'
import { ofEnabledUser, revokedAt, sessionColumns, toEnded, toView, view } from './rows.ts'

const asJudged = `sessions.sid = $sid AND sessions.generation = $judged::bigint AND sessions.retries = $retries::bigint`
const idleExpiry = 'expires_at = least($now + $idle::bigint, sessions.max_expires_at)'

const find = statement(
  'find session',
  `SELECT ${view} FROM sessions LEFT JOIN users ON users.user_id = sessions.user_id WHERE sessions.sid = $sid`,
)
const recover = statement(
  'recover session',
  `UPDATE sessions SET generation = $generation::bigint + 1, rotated_at = $now, ${idleExpiry}
  FROM users WHERE ${asJudged} AND ${live} AND ${ofEnabledUser}
  RETURNING ${view}`,
)
const countRetry = statement(
  'count retry',
  `UPDATE sessions SET retried_at = $now,
    retries = CASE WHEN $restart::boolean THEN 1 ELSE retries + 1 END,
    retries_since = CASE WHEN $restart::boolean THEN $now ELSE retries_since END
  FROM users
  WHERE ${asJudged} AND sessions.retried_at IS NOT DISTINCT FROM $retriedAt::bigint AND ${live} AND ${ofEnabledUser}
  RETURNING ${view}`,
)
const confirm = statement(
  'confirm session',
  `UPDATE sessions SET auth_time = $now, amr = $amr
  FROM users
  WHERE sessions.sid = $sid AND ${live} AND ${ofEnabledUser} AND users.credentials_version = $version::bigint
  RETURNING ${view}`,
)
const revoke = statement(
  'revoke session',
  `UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = $reason
  WHERE sid = $sid AND ${endable} AND ($judged::bigint IS NULL OR generation = $judged::bigint)
  RETURNING sid`,
)
const revokeOwn = statement(
  'revoke own session',
  `UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = 'ended' WHERE sid = $sid AND user_id = $userId AND ${endable}
  RETURNING sid`,
)
const revokeAll = statement(
  'revoke all sessions',
  `UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = $reason WHERE user_id = $userId AND ${endable}
  RETURNING sid, ${unexpired} AS was_live`,
)
const listAll = statement(
  'list all sessions',
  `SELECT ${sessionColumns}, users.username FROM sessions LEFT JOIN users ON users.user_id = sessions.user_id
  WHERE sessions.sid > $after AND ${live} ORDER BY sessions.sid LIMIT $limit::bigint`,
)
const list = statement(
  'list sessions',
  `SELECT ${sessionColumns} FROM sessions WHERE user_id = $userId AND ${live}
    AND (created_at < $createdAt::bigint OR (created_at = $createdAt::bigint AND sid > $sid))
  ORDER BY created_at DESC, sid LIMIT $limit::bigint`,
)
// One row at least, so that the time comes with an answer of nothing.
const revokedSince = statement(
  'revoked since',
  `SELECT $now AS now, sid, revoked_at FROM (VALUES (1)) AS one
  LEFT JOIN sessions ON sessions.revoked_at >= $since::bigint
    AND (sessions.revoked_at > $since::bigint OR sessions.sid > $after)
  ORDER BY revoked_at, sid LIMIT $limit::bigint`,
)
// Instances that clean up at once take different rows instead of waiting for each other. The order keeps the planner to
// the index: without it, it takes a LIMIT for a reason to read the whole table until it has found enough.
const lockDue = statement(
  'lock due sessions',
  `SELECT sid, coalesce(revoked_at, expires_at) < $now - $keep::bigint AS is_over FROM sessions
  WHERE due_at < $now - $keep::bigint ORDER BY due_at LIMIT $limit::bigint FOR UPDATE SKIP LOCKED`,
)
const lockRevoked = statement(
  'lock revoked sessions',
  `SELECT sid, true AS is_over FROM sessions
  WHERE revoked_at < $now - $keep::bigint AND due_at >= $now - $keep::bigint
  ORDER BY revoked_at LIMIT $limit::bigint FOR UPDATE SKIP LOCKED`,
)
const remove = statement('delete sessions', 'DELETE FROM sessions WHERE sid = ANY ($sids::text[])')
const lookAgain = statement(
  'look at sessions again',
  'UPDATE sessions SET due_at = greatest(expires_at, revoked_at) WHERE sid = ANY ($sids::text[])',
)

export function createPostgresSessions(database: PostgresDatabase): SessionStore {
  const { ask, transaction } = database
  const first = async (...asked: Parameters<typeof ask>) => toView((await ask(...asked))[0])
  const did = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).length > 0
  const sidOf = (row: Row) => row['sid'] as string

  return {
    create: sessionBeginner(database),

    find: sid => first(find, { sid }),

    rotate: sessionRotator(database),

    recover: ({ sid, generation: judged, retries }, generation, { idleSeconds: idle }) =>
      first(recover, { sid, judged, retries, generation, idle }),

    countRetry: ({ sid, generation: judged, retries, retriedAt }, restart) =>
      first(countRetry, { sid, judged, retries, retriedAt, restart }),

    confirm: (sid, version, amr) => first(confirm, { sid, version, amr: amrText(amr) }),

    revoke: (sid, reason, judged) => did(revoke, { sid, reason, judged: judged?.generation ?? null }),

    revokeOwn: (userId, sid) => did(revokeOwn, { userId, sid }),

    revokeAll: async (userId, reason) => (await ask(revokeAll, { userId, reason })).map(toEnded),

    listAll: async ({ limit, after = '' }) =>
      (await ask(listAll, { limit, after })).map(row => ({
        session: toSession(row),
        username: row['username'] as string | null,
      })),

    list: async (userId, { limit, after: { createdAt, sid } = newest } = { limit: 100 }) =>
      (await ask(list, { userId, limit, createdAt, sid })).map(toSession),

    async revokedSince(since, after, limit) {
      const rows = await ask(revokedSince, { since, after, limit })
      const revoked = rows.filter(row => row['sid'] !== null)
      return {
        now: rows[0]?.['now'] as number,
        revoked: revoked.map(row => ({ sid: sidOf(row), revokedAt: row['revoked_at'] as number })),
      }
    },

    deleteEnded: (keep, limit) =>
      transaction(async ask => {
        const due = await ask(lockDue, { keep, limit })
        const old =
          due.length < limit ? [...due, ...(await ask(lockRevoked, { keep, limit: limit - due.length }))] : due
        const over = old.filter(row => row['is_over'] === true)
        const used = old.filter(row => row['is_over'] !== true)
        if (over.length > 0) await ask(remove, { sids: over.map(sidOf) })
        if (used.length > 0) await ask(lookAgain, { sids: used.map(sidOf) })
        return old.length
      }),
  }
}
