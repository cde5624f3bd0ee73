/** Rows of PostgreSQL as records of the domain. */

import type { EndedSession, SampledHash, SessionView, User } from '../../stores/stores.ts'
import { type Row, toKinds, toSession } from '../rows.ts'

/**
 * Columns by name, never `*`: a prepared statement whose result changes, because a newer version added a column, fails
 * on every connection that knows it. Those of users have names of their own, to stand beside a session's.
 */
export const sessionColumns = `
  sessions.sid, sessions.user_id, sessions.created_at, sessions.generation, sessions.rotated_at, sessions.retried_at,
  sessions.retries, sessions.retries_since, sessions.expires_at, sessions.max_expires_at, sessions.revoked_at,
  sessions.revoke_reason, sessions.ip, sessions.user_agent, sessions.auth_time, sessions.amr`

export const userColumns = `
  users.user_id AS "user", users.username, users.email, users.unproven_email, users.role, users.password_hash,
  users.foreign_hash, users.disabled,
  users.credentials_version, users.created_at AS user_created_at, users.second_factors`

/**
 * When a session that is ended now was ended: not before it was last used. Else a clock that was behind for a moment would
 * make its row go while access tokens of it live.
 */
export const revokedAt = 'greatest($now, created_at, rotated_at, retried_at)'

/** Of the rows of a session and a user: whose it is, and that they may use it. */
export const ofEnabledUser = 'users.user_id = sessions.user_id AND NOT users.disabled'

export function toUser(row: Row): User {
  return {
    userId: row['user'] as string,
    username: row['username'] as string,
    email: (row['email'] ?? row['unproven_email']) as string | null,
    emailVerified: row['email'] !== null,
    role: row['role'] as string,
    passwordHash: row['password_hash'] as string | null,
    foreignHash: row['foreign_hash'] !== false,
    disabled: row['disabled'] as boolean,
    credentialsVersion: row['credentials_version'] as number,
    createdAt: row['user_created_at'] as number,
    secondFactors: toKinds(row['second_factors']),
  }
}

export function toSampledHash(row: Row): SampledHash {
  return { passwordHash: row['password_hash'] as string, foreignHash: row['foreign_hash'] !== false }
}

/** What `toView` reads. */
export const view = `${sessionColumns}, ${userColumns}, $now AS now`

/** A row of a session, its user (null when deleted) and `now`. */
export function toView(row: Row | undefined): SessionView | undefined {
  if (!row) return undefined
  return { session: toSession(row), user: row['user'] === null ? undefined : toUser(row), now: row['now'] as number }
}

export function toEnded(row: Row): EndedSession {
  return { sid: row['sid'] as string, wasLive: row['was_live'] as boolean }
}
