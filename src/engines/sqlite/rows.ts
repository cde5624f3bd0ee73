/** Rows of SQLite, which knows no booleans. */

import type { EndedSession, SampledHash, User } from '../../stores/stores.ts'
import { type Row, toKinds } from '../rows.ts'

/**
 * When a session that is ended now was ended: not before it was last used. Else a clock that was behind for a moment would
 * make its row go while access tokens of it live.
 */
export const revokedAt = 'max($now, created_at, coalesce(rotated_at, 0), coalesce(retried_at, 0))'

export function toUser(row: Row): User {
  return {
    userId: row['user_id'] as string,
    username: row['username'] as string,
    email: (row['email'] ?? row['unproven_email']) as string | null,
    emailVerified: row['email'] !== null,
    role: row['role'] as string,
    passwordHash: row['password_hash'] as string | null,
    foreignHash: row['foreign_hash'] !== 0,
    disabled: row['disabled'] === 1,
    credentialsVersion: row['credentials_version'] as number,
    createdAt: row['created_at'] as number,
    secondFactors: toKinds(row['second_factors']),
  }
}

export function toSampledHash(row: Row): SampledHash {
  return { passwordHash: row['password_hash'] as string, foreignHash: row['foreign_hash'] !== 0 }
}

export function toEnded(row: Row): EndedSession {
  return { sid: row['sid'] as string, wasLive: row['was_live'] === 1 }
}
