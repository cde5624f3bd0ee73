/** What putting a backup in the place of a database is told, tells and does. Moments are epoch seconds. */

export interface RestoreOptions {
  readonly now: number
  /** Whether the sessions that would be revived are ended before anybody can use them. */
  readonly endRevived: boolean
  /** Is told what would happen; when it says no, nothing does. */
  decide(plan: RestorePlan): Promise<boolean>
}

/** A session that was ended since a backup and lives again when that is restored. */
export interface RevivedSession {
  readonly sid: string
  readonly userId: string
  readonly username: string
  /** Null when only its absence tells: rows of ended sessions are deleted after a day. */
  readonly endedAt: number | null
  readonly reason: string | null
}

/** What a restore would do. */
export interface RestorePlan {
  /** Whether there is a database already, which would be kept under another name. */
  readonly replaces: boolean
  /** Of the backup. */
  readonly users: number
  /** Live ones of the backup. */
  readonly sessions: number
  /** Undefined when the database of now cannot be read, so that nobody can know. */
  readonly revived: readonly RevivedSession[] | undefined
}

/** What a restore did. */
export interface RestoreResult {
  /** The name under which the former database is kept; null when there was none. */
  readonly keptAs: string | null
  /** The schema of the backup, and of the database now. */
  readonly schema: { readonly found: number; readonly current: number }
}
