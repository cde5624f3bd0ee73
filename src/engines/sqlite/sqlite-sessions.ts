/** Sessions in SQLite. Each act is one prepared, conditional statement. */
import type { Clock } from '../../base/clock.ts'
import { endable, live, unexpired } from '../../sessions/live.ts'
import type { EndedSession, SessionStore, SessionView } from '../../stores/stores.ts'
import { amrText, newest, type Row, toSession } from '../rows.ts'
import { sessionBeginner } from './begin-session.ts'
import { revokedAt, toEnded, toUser } from './rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

const enabledUser = 'SELECT 1 FROM users WHERE users.user_id = sessions.user_id AND disabled = 0'
const userIsEnabled = `EXISTS (${enabledUser})`
const userIsSame = `EXISTS (${enabledUser} AND credentials_version = $version)`
const asJudged = 'sid = $sid AND generation = $judged AND retries = $retries'

/** How many sessions of a user are ended in one commit: nearly always all of them. */
const some = 200

export function createSqliteSessions(database: SqliteDatabase, clock: Clock): SessionStore {
  const { raw, read, transaction, write } = database
  const begin = sessionBeginner(database, clock)
  const select = raw.prepare('SELECT * FROM sessions WHERE sid = ?')
  const selectUser = raw.prepare('SELECT * FROM users WHERE user_id = ?')
  const rotate = raw.prepare(`
    UPDATE sessions SET generation = generation + 1, rotated_at = $now, expires_at = min($now + $idle, max_expires_at)
    WHERE sid = $sid AND generation = $generation AND ${live}
      AND (rotated_at IS NULL OR $now >= rotated_at + $window) AND ${userIsEnabled}
    RETURNING *`)
  const recover = raw.prepare(`
    UPDATE sessions SET generation = $generation + 1, rotated_at = $now, expires_at = min($now + $idle, max_expires_at)
    WHERE ${asJudged} AND ${live} AND ${userIsEnabled}
    RETURNING *`)
  const countRetry = raw.prepare(`
    UPDATE sessions SET retried_at = $now,
      retries = CASE WHEN $restart THEN 1 ELSE retries + 1 END,
      retries_since = CASE WHEN $restart THEN $now ELSE retries_since END
    WHERE ${asJudged} AND retried_at IS $retriedAt AND ${live} AND ${userIsEnabled}
    RETURNING *`)
  const confirm = raw.prepare(`
    UPDATE sessions SET auth_time = $now, amr = $amr WHERE sid = $sid AND ${live} AND ${userIsSame}
    RETURNING *`)
  const revoke = raw.prepare(`
    UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = $reason
    WHERE sid = $sid AND ${endable} AND ($judged IS NULL OR generation = $judged)`)
  const revokeOwn = raw.prepare(`
    UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = 'ended' WHERE sid = $sid AND user_id = $userId AND ${endable}`)
  const revokeSome = raw.prepare(`
    UPDATE sessions SET revoked_at = ${revokedAt}, revoke_reason = $reason WHERE sid IN (
      SELECT sid FROM sessions WHERE user_id = $userId AND sid > $after AND ${endable} ORDER BY sid LIMIT ${some})
    RETURNING sid, ${unexpired} AS was_live`)
  // By the primary key, so that a page costs what it holds however many sessions there are.
  const listAll = raw.prepare(`
    SELECT sessions.*, users.username FROM sessions NOT INDEXED LEFT JOIN users ON users.user_id = sessions.user_id
    WHERE sid > $after AND ${live} ORDER BY sid LIMIT $limit`)
  const list = raw.prepare(`
    SELECT * FROM sessions WHERE user_id = $userId AND ${live}
      AND (created_at < $createdAt OR (created_at = $createdAt AND sid > $sid))
    ORDER BY created_at DESC, sid LIMIT $limit`)
  const revokedSince = raw.prepare(`
    SELECT sid, revoked_at FROM sessions WHERE revoked_at >= $since AND (revoked_at > $since OR sid > $after)
    ORDER BY revoked_at, sid LIMIT $limit`)
  const due = 'SELECT sid FROM (SELECT * FROM sessions WHERE due_at < $before ORDER BY due_at LIMIT $limit)'
  const deleteEnded = raw.prepare(`
    DELETE FROM sessions WHERE sid IN (
      ${due} WHERE expires_at < $before AND coalesce(revoked_at, 0) < $before
      UNION ALL SELECT sid FROM sessions WHERE revoked_at < $before
      LIMIT $limit)`)
  // Those that were used since they became due, or ended when their time was over.
  const lookLater = raw.prepare(`
    UPDATE sessions SET due_at = max(expires_at, coalesce(revoked_at, 0)) WHERE sid IN (
      ${due} WHERE expires_at >= $before OR revoked_at >= $before)`)

  const view = (row: Row | undefined, now: number): SessionView | undefined => {
    if (!row) return undefined
    const user = selectUser.get(row['user_id'] as string)
    return { session: toSession(row), user: user && toUser(user), now }
  }

  return {
    async create(session, version) {
      const begun = await begin(session, version)
      const begunView = begun && view(begun.row, begun.now)
      return begunView && { ...begunView, ended: begun.ended }
    },

    find: sid => read(() => view(select.get(sid), clock())),

    rotate: (sid, generation, { idleSeconds, raceWindowSeconds }) =>
      write(() => {
        const now = clock()
        return view(rotate.get({ sid, generation, now, idle: idleSeconds, window: raceWindowSeconds }), now)
      }),

    recover: ({ sid, generation: judged, retries }, generation, { idleSeconds }) =>
      write(() => {
        const now = clock()
        return view(recover.get({ sid, judged, retries, generation, now, idle: idleSeconds }), now)
      }),

    countRetry: ({ sid, generation: judged, retries, retriedAt }, restart) =>
      write(() => {
        const now = clock()
        return view(countRetry.get({ sid, judged, retries, retriedAt, restart: restart ? 1 : 0, now }), now)
      }),

    confirm: (sid, version, amr) =>
      write(() => {
        const now = clock()
        return view(confirm.get({ sid, version, amr: amrText(amr), now }), now)
      }),

    revoke: (sid, reason, judged) =>
      write(() => revoke.run({ sid, reason, now: clock(), judged: judged?.generation ?? null }).changes === 1),

    revokeOwn: (userId, sid) => write(() => revokeOwn.run({ userId, sid, now: clock() }).changes === 1),

    async revokeAll(userId, reason) {
      const ended: EndedSession[] = []
      for (let after = ''; ; ) {
        const batch = await write(() => revokeSome.all({ userId, reason, after, now: clock() }).map(toEnded))
        ended.push(...batch)
        if (batch.length < some) return ended
        after = batch.reduce((last, { sid }) => (sid > last ? sid : last), after)
      }
    },

    listAll: ({ limit, after = '' }) =>
      read(() =>
        listAll
          .all({ limit, after, now: clock() })
          .map(row => ({ session: toSession(row), username: row['username'] as string | null })),
      ),

    list: (userId, { limit, after: { createdAt, sid } = newest } = { limit: 100 }) =>
      read(() => list.all({ userId, limit, createdAt, sid, now: clock() }).map(toSession)),

    revokedSince: (since, after, limit) =>
      read(() => ({
        now: clock(),
        revoked: revokedSince
          .all({ since, after, limit })
          .map(row => ({ sid: row['sid'] as string, revokedAt: row['revoked_at'] as number })),
      })),

    deleteEnded: (keepSeconds, limit) =>
      transaction(() => {
        const which = { before: clock() - keepSeconds, limit }
        return Number(deleteEnded.run(which).changes) + Number(lookLater.run(which).changes)
      }),
  }
}
