/** What the server knows, in the names of its columns: the row of each session, which keys there are, and what it has mailed. */
import type { FastifyInstance } from 'fastify'
import { deriveKey } from '../keys/secret.ts'
import type { SessionView } from '../stores/stores.ts'
import type { Letter } from './mailbox.ts'

export interface Snapshot {
  /** Which beginning this belongs to: another number means that somebody began anew. */
  readonly run: number
  readonly now: number
  readonly sessions: readonly SessionRow[]
  /** The first signs, all verify. */
  readonly keys: readonly string[]
  readonly mails: readonly Letter[]
}

export type SessionRow = ReturnType<typeof rowOf>

/** @param sids of the sessions that were begun, oldest first */
export async function takeSnapshot(
  app: FastifyInstance,
  {
    run,
    sids,
    secrets,
    mails,
  }: Pick<Snapshot, 'run' | 'mails'> & { readonly sids: Iterable<string>; readonly secrets: readonly string[] },
): Promise<Snapshot> {
  const { sessions, salt } = app.stores
  const views = await Promise.all(Array.from(sids, sid => sessions.find(sid)))
  return {
    run,
    now: app.clock(),
    sessions: views.flatMap(view => (view ? [rowOf(view)] : [])),
    keys: secrets.map(secret => deriveKey(secret, salt, 'signet kid', 9).toString('base64url')),
    mails,
  }
}

function rowOf({ session, user }: SessionView) {
  return {
    sid: session.sid,
    user_id: session.userId,
    username: user?.username ?? null,
    generation: session.generation,
    created_at: session.createdAt,
    rotated_at: session.rotatedAt,
    retried_at: session.retriedAt,
    retries: session.retries,
    retries_since: session.retriesSince,
    expires_at: session.expiresAt,
    max_expires_at: session.maxExpiresAt,
    revoked_at: session.revokedAt,
    revoke_reason: session.revokeReason,
    ip: session.ip,
    user_agent: session.userAgent,
  }
}
