/** What an engine promises about sessions. */
import type {
  BegunSession,
  EndedSession,
  ListedSession,
  NewSession,
  Revocation,
  RevokeReason,
  RotationPolicy,
  Session,
  SessionPosition,
  SessionView,
} from './records.ts'

export interface SessionStore {
  /**
   * Inserts a session while the user is enabled and still has this `credentialsVersion`, and ends those unused longest
   * beyond `most`. Of many at once, never more than `most` are left when all are answered.
   * @returns undefined when the user has changed meanwhile
   */
  create(session: NewSession, credentialsVersion: number): Promise<BegunSession | undefined>

  find(sid: string): Promise<SessionView | undefined>

  /**
   * Raises the generation from `generation` by one, and with it `rotatedAt` and the idle expiry, while the session is
   * alive, its user enabled, and the last rotation at least `raceWindowSeconds` ago.
   * @returns the session as it is now, or undefined when any of that does not hold
   */
  rotate(sid: string, generation: number, policy: RotationPolicy): Promise<SessionView | undefined>

  /**
   * Sets the generation to `generation` + 1 from the judged one (lower, because its last write was lost).
   * @returns undefined when the session is no longer as judged
   */
  recover(judged: Session, generation: number, policy: RotationPolicy): Promise<SessionView | undefined>

  /**
   * Counts one lost-response retry; `retriesSince` is set to now when `restart`.
   * @returns undefined when the session is no longer as judged
   */
  countRetry(judged: Session, restart: boolean): Promise<SessionView | undefined>

  /**
   * Notes that the user has just proved who they are, and by what (RFC 8176), while the session is alive, its user enabled
   * and still of this `credentialsVersion`. The refresh token stays as it is.
   * @returns the session as it is now, or undefined when any of that does not hold
   */
  confirm(sid: string, credentialsVersion: number, amr: readonly string[]): Promise<SessionView | undefined>

  /**
   * Ends the session; with `judged`, only while its generation is that one.
   * @returns false when it was ended already, does not exist or is no longer as judged
   */
  revoke(sid: string, reason: RevokeReason, judged?: Session): Promise<boolean>

  /** Ends one session of this user. @returns false when there is none of that id, or it was ended already */
  revokeOwn(userId: string, sid: string): Promise<boolean>

  /** Ends every session of this user that was not ended before, expired ones too. */
  revokeAll(userId: string, reason: RevokeReason): Promise<EndedSession[]>

  /** Up to `limit` live sessions of everybody in the order of their ids, after the id `after`. */
  listAll(query: { limit: number; after?: string | undefined }): Promise<ListedSession[]>

  /** Up to `limit` (100 when not given) live sessions of a user behind `after`, newest first. */
  list(userId: string, page?: { limit: number; after?: SessionPosition | undefined }): Promise<Session[]>

  /**
   * What was revoked at or after `since`, at that moment only ids behind `after`: up to `limit`, by moment and id.
   * @returns those, and the store's time of this answer
   */
  revokedSince(since: number, after: string, limit: number): Promise<{ now: number; revoked: Revocation[] }>

  /**
   * Deletes up to `limit` sessions that ended more than `keepSeconds` ago, whether revoked or expired. Of those that were
   * due to expire and have been used since, it notes when to look again.
   * @returns how many it dealt with; at least `limit` means that there may be more
   */
  deleteEnded(keepSeconds: number, limit: number): Promise<number>
}
