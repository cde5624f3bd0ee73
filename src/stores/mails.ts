/**
 * What an engine promises about mails. A mail is a row, written in the transaction of what it tells of; the row is also what
 * its link stands for, so that a link is as old as its row and ends with it. No row holds a token: that is an HMAC over it.
 */
import type { User } from './records.ts'

/** A name was typed and not looked up yet; a link that does something; something that happened. */
export type MailPurpose = 'forgot' | LinkPurpose | NoticePurpose

/**
 * Links: a new password (asked for, or sent by an administrator); the address of a new account, of an account yet to be
 * made, of a changed account; and back to the address of before.
 */
export type LinkPurpose = 'reset' | 'invite' | 'verify' | 'register' | 'change' | 'undo'

/** What a mail tells, with no link in it. */
export type NoticePurpose =
  | 'registered_already'
  | 'password_changed'
  | 'factor_added'
  | 'factor_removed'
  | 'recovery_codes_made'
  | 'codes_guessed'

export interface NewMail {
  readonly id: string
  readonly purpose: MailPurpose
  readonly userId: string | null
  readonly address: string | null
  /** Of the text: a language tag for which there is a template. */
  readonly language: string
  /** From now on; then its link is dead, and it is not sent any more. */
  readonly lastsSeconds: number
}

/** A name somebody typed who has forgotten the password. */
export type ForgottenName = Pick<NewMail, 'id' | 'language' | 'lastsSeconds'> & {
  /** A keyed hash of the name. */
  readonly nameKey: string
  /** The name, encrypted. */
  readonly typed: string
}

/** An account that is made when its address is proven. */
export type WaitingRegistration = NewMail & {
  /** Held for it meanwhile; null when the address will be the name. */
  readonly username: string | null
  readonly passwordHash: string
}

export interface Mail extends Omit<NewMail, 'lastsSeconds'> {
  readonly createdAt: number
  readonly expiresAt: number
  /** How often it was tried. */
  readonly tries: number
  readonly typed: string | null
  readonly username: string | null
  readonly passwordHash: string | null
}

/** For whoever runs the service: nothing of what a mail says. */
export interface ListedMail extends Pick<Mail, 'id' | 'purpose' | 'address' | 'createdAt' | 'expiresAt' | 'tries'> {
  /** When it is tried next; null when it will not be. */
  readonly dueAt: number | null
  readonly sentAt: number | null
  /** Why the last try failed. */
  readonly failure: string | null
}

/** What happens in the same transaction as a change of a user. */
export interface MailEffects {
  /** Mails that tell of it. */
  readonly mails?: readonly NewMail[]
  /** The row of the link that does it, which goes; when it has gone or is too old, nothing happens. */
  readonly spend?: string
  /** An address that is proven by it: every other claim to it goes. */
  readonly proves?: string
  /** The moment of the change that is undone: the user's pending changes go, and every way back to later addresses. */
  readonly undoes?: number
  /** Second factors that were added at or after this moment go, and all recovery codes. */
  readonly dropsFactorsSince?: number
}

export interface MailStore {
  /**
   * Writes one row, the same for every name. While this name has one waiting, or had `most` within the hour, that is no new
   * one: a mail that still waits is then good for as long again, and one that was put off is tried within five minutes.
   */
  forget(name: ForgottenName, most: number): Promise<void>
  /** @returns false when the name is somebody's, or held for another registration */
  register(registration: WaitingRegistration): Promise<boolean>
  /**
   * Writes a mail of a user in the place of all others of its purpose.
   * @param sid the session that asks for it, if one does: what ends it comes before or after, and sees what was asked for
   * @returns false, and nothing happened, when the user had `most` of them within the hour
   * @throws {SignetError} `token_revoked` when the session has ended
   */
  replace(mail: NewMail & { readonly userId: string }, most: number, sid?: string): Promise<boolean>

  /** A mail that has not expired, beside its user. */
  find(id: string): Promise<{ mail: Mail; user: User | undefined } | undefined>
  /** The address a user is changing to. */
  pendingAddress(userId: string): Promise<string | null>

  /**
   * Up to `limit` mails that are due, each for whoever asks alone, for `leaseSeconds`; at most one for each address, and
   * none for one at which another is being sent or waits for its next try.
   */
  claim(limit: number, leaseSeconds: number): Promise<Mail[]>
  /**
   * Notes whose the typed name is and erases what was typed; or that it is nobody's, and that there is nothing to send, also
   * when the user had `most` of the purpose within the hour: then a mail of those that still waits is good for as long as
   * this one would have been. One that is to be sent takes the place of those that wait after a failure.
   * @returns whether there is something to send
   */
  lookedUp(id: string, found: { userId: string; address: string } | undefined, most: number): Promise<boolean>
  /** Notes that it was sent, or that there is nothing to send. */
  sent(id: string): Promise<void>
  /** Notes a failure and when to try again; null: never. */
  failed(id: string, failure: string, retryAfterSeconds: number | null): Promise<void>

  /** How many wait, and for how long the oldest has (0 when none does). */
  waiting(): Promise<{ count: number; oldestSeconds: number }>
  /** Up to `limit` mails that wait or were given up, after the id `after`. */
  listUnsent(query: { limit: number; after?: string | undefined }): Promise<ListedMail[]>
  /** Makes mails that were not sent and are not too old due now: one, or all. @returns how many */
  retry(id?: string): Promise<number>
  /** Deletes up to `limit` mails that have expired, an hour after they were written at the earliest. @returns how many */
  deleteEnded(limit: number): Promise<number>
}
