/**
 * The store contract: what an engine promises, in words and types. `test/stores/` holds every engine to it.
 *
 * Moments are epoch seconds. An engine brings its own `now` (the database's clock where several instances share one), so
 * that a decision and the write that follows it are judged by one clock. Every write that depends on what was read is
 * one conditional statement whose result says who won. An engine that cannot be reached, or stays locked for two
 * seconds, throws `SignetError('unavailable')`, and nothing has changed; only when a connection breaks, or a disk fails,
 * before the answer came is that unknown, so every act can be asked for again. Whatever is answered, a read too, is of a state
 * that a power failure would leave.
 */
import type { AttemptStore, LimitStore } from './attempts.ts'
import type { ChallengeStore, FactorStore } from './factors.ts'
import type { KeyStore } from './keys.ts'
import type { MailEffects, MailStore } from './mails.ts'
import type { EndedSession, ImportOutcome, NewUser, RevokeReason, SampledHash, User, UserChanges } from './records.ts'
import type { SessionStore } from './sessions.ts'

export type * from './attempts.ts'
export type * from './factors.ts'
export type * from './keys.ts'
export type * from './mails.ts'
export type * from './records.ts'
export type * from './sessions.ts'
export type * from './transfer.ts'

export interface KeepAdmin {
  readonly keepAdmin?: boolean
}

export interface UpdateOptions extends KeepAdmin, MailEffects {
  readonly ifVersion?: number
  readonly keep?: string
  readonly end?: RevokeReason
}

export interface UserStore {
  findById(userId: string): Promise<User | undefined>
  findByUsername(username: string): Promise<User | undefined>
  /** The user with the first of these spellings of an address that somebody has. */
  findByEmail(...spellings: string[]): Promise<User | undefined>
  /** Up to `limit` addresses in the order of their bytes, after the address `after` ('' to begin with). */
  listEmails(after: string, limit: number): Promise<{ userId: string; email: string }[]>
  isEmpty(): Promise<boolean>

  /** Up to `limit` users by name, after the name `after`, whose name or e-mail address begins with `prefix`. */
  list(query: { limit: number; after?: string | undefined; prefix?: string | undefined }): Promise<User[]>

  /**
   * Inserts a user, and does what belongs to it in the same transaction.
   * @returns undefined when the link that makes it is spent
   * @throws {SignetError} `taken` when the name or the proven address belongs to somebody, or is kept for somebody
   */
  create(user: NewUser, effects: MailEffects & { readonly spend: string }): Promise<User | undefined>
  create(user: NewUser, effects?: Omit<MailEffects, 'spend'>): Promise<User>

  /**
   * Inserts the users whose name is free, in one short transaction; those that exist are never changed.
   * @returns for each user in turn: inserted, whose its name is, or that its id or e-mail address belongs to somebody else
   */
  importMissing(users: readonly NewUser[]): Promise<ImportOutcome[]>

  /** Whether this database has had its seeding. */
  isSeeded(): Promise<boolean>

  /**
   * The seeding, which a database has once: inserts all of them, or none when there is any user by then.
   * @returns whether they were inserted
   */
  seed(users: readonly NewUser[]): Promise<boolean>

  /**
   * Changes a user and, in the same transaction, raises `credentialsVersion` and ends the sessions (but `keep`) when the
   * password, the role or `disabled` really changes.
   * @param ifVersion only while `credentialsVersion` is this one
   * @param keepAdmin never takes the last enabled administrator away
   * @param end ends them whatever changes, for this reason
   * @returns the user and the ended sessions, or undefined when there is no such user (or version), or the link is spent
   * @throws {SignetError} `taken` when the name or e-mail address belongs to somebody else, or is kept for them; `last_admin`
   */
  update(
    userId: string,
    changes: UserChanges,
    options?: UpdateOptions,
  ): Promise<{ user: User; ended: EndedSession[] } | undefined>

  /**
   * The password hashes of up to `limit` users (at most 1,000), evenly chosen among all. It reads about as much however
   * many there are, and as far as they are still there it is the same users every time.
   */
  sampleHashes(limit: number): Promise<SampledHash[]>

  /** Replaces a hash by a better one of the same password, made here: nothing else changes. @returns whether it was still that hash */
  rehash(userId: string, oldHash: string, newHash: string): Promise<boolean>

  /**
   * Deletes a user and ends the sessions, whose rows stay.
   * @param keepAdmin never takes the last enabled administrator away
   * @returns the sessions, or undefined when there is no such user
   * @throws {SignetError} `last_admin`
   */
  delete(userId: string, options?: KeepAdmin): Promise<EndedSession[] | undefined>
}

export interface Stores {
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly limits: LimitStore
  readonly attempts: AttemptStore
  readonly keys: KeyStore
  readonly factors: FactorStore
  readonly challenges: ChallengeStore
  readonly mails: MailStore
  /**
   * 32 random bytes made with the database (RFC 5869 salt); they move with its content.
   * @throws {SignetError} `unavailable` until a server that was away when it was opened has been reached
   */
  readonly salt: Buffer
  /** The schema's version as it was found, and as it is now. */
  readonly schema: { readonly found: number; readonly current: number }
  /**
   * Writes a whole copy as of now into a new file (mode 0600) while others read and write.
   * @param onProgress told how many of how many pages are copied
   * @throws {Error} when the file exists; nothing is left behind then, or after any other failure
   */
  backup(file: string, onProgress: (done: number, total: number) => void): Promise<void>
  /**
   * Resolves when the database answers. A server that was away when it was opened is brought up to date by the first one
   * that reaches it; until then every other act throws `unavailable`.
   */
  ping(): Promise<void>
  close(): Promise<void>
}
