/** Rows of SQLite as records of the domain. */
import type { RevokeReason, Session, User } from '../stores.ts'

export type Row = Record<string, unknown>

export function toUser(row: Row): User {
  return {
    userId: row['user_id'] as string,
    username: row['username'] as string,
    email: row['email'] as string | null,
    role: row['role'] as string,
    passwordHash: row['password_hash'] as string | null,
    disabled: row['disabled'] === 1,
    credentialsVersion: row['credentials_version'] as number,
    createdAt: row['created_at'] as number,
  }
}

export function toSession(row: Row): Session {
  return {
    sid: row['sid'] as string,
    userId: row['user_id'] as string,
    createdAt: row['created_at'] as number,
    generation: row['generation'] as number,
    rotatedAt: row['rotated_at'] as number | null,
    retriedAt: row['retried_at'] as number | null,
    retries: row['retries'] as number,
    retriesSince: row['retries_since'] as number | null,
    expiresAt: row['expires_at'] as number,
    maxExpiresAt: row['max_expires_at'] as number,
    revokedAt: row['revoked_at'] as number | null,
    revokeReason: row['revoke_reason'] as RevokeReason | null,
    ip: row['ip'] as string | null,
    userAgent: row['user_agent'] as string | null,
  }
}
