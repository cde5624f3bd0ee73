/** What the engines promise about second factors (src/factors/), and about what is open for a few minutes on the way to one. */
import type { NewMail } from './mails.ts'
import type { EndedSession, User } from './records.ts'

/** What somebody can show beside a password. Recovery codes are none: they stand in for one. */
export type FactorKind = 'totp' | 'passkey'

export interface Factor {
  readonly factorId: string
  readonly userId: string
  readonly kind: FactorKind
  /** What its owner calls it. */
  readonly name: string | null
  readonly createdAt: number
  readonly lastUsedAt: number | null
  /** TOTP: the time step of the last code that was accepted (RFC 6238 section 4.2). */
  readonly lastStep: number | null
  /** What its kind needs. TOTP: the secret, sealed with the data key. */
  readonly data: string
}

export type NewFactor = Omit<Factor, 'createdAt' | 'lastUsedAt'>

/** Something that is open for some minutes, for one answer. */
export interface Challenge {
  readonly challengeId: string
  /** What it is for: it is found under this word only. */
  readonly kind: string
  readonly userId: string | null
  /** The user's as it began: the challenge is dead when it is another one. */
  readonly credentialsVersion: number | null
  readonly tries: number
  /** Of the tries those that were codes, and wrong. */
  readonly wrongCodes: number
  readonly data: string | null
}

export type NewChallenge = Omit<Challenge, 'tries' | 'wrongCodes'>

/** A user whose factors have changed, and the sessions that were ended for it. */
export interface FactorChange {
  readonly user: User
  readonly ended: readonly EndedSession[]
}

/** What is written in the same transaction. */
export interface Telling {
  readonly mails?: readonly NewMail[]
}

export type Enrolment = ({ readonly challengeId: string } | { readonly ifVersion: number }) &
  Telling & {
    /** The session that stays. */
    readonly keep: string
    readonly isOnly?: boolean
    readonly codes?: readonly string[]
  }

/** Every change of factors raises `credentialsVersion` and ends the sessions but `keep`, in the same transaction. */
export interface FactorStore {
  list(userId: string): Promise<Factor[]>
  find(factorId: string): Promise<Factor | undefined>

  /**
   * Adds a factor while the challenge of its enrolment is open and the user is as it began, and closes the challenge.
   * @param how.ifVersion instead of a challenge that was closed before: the user's `credentialsVersion` as it began
   * @param how.isOnly takes the place of those of its kind
   * @param how.codes recovery codes that take the place of all others
   * @returns undefined when the challenge is gone, the user has changed, or there is a factor of this id
   */
  add(factor: NewFactor, how: Enrolment): Promise<FactorChange | undefined>

  /**
   * Removes those of a kind, or with this id, or all. With the last one the recovery codes go.
   * @param how.allow judges while the user is locked, and throws to keep all; `left` are the kinds that would be left
   * @returns undefined when there is nothing to remove
   */
  remove(
    userId: string,
    which: { kind?: FactorKind; factorId?: string },
    how?: { keep?: string; allow?: (user: User, left: readonly FactorKind[]) => void } & Telling,
  ): Promise<FactorChange | undefined>

  /** Spends a time step. @returns whether it is later than every one before */
  useStep(factorId: string, step: number): Promise<boolean>

  /** Notes that a factor was used just now, and what its kind keeps of that. @returns whether it is still there */
  use(factorId: string, data: string): Promise<boolean>

  /** Replaces all recovery codes of a user. @returns false when the user has no factor they could stand in for */
  replaceCodes(userId: string, codes: readonly string[], how?: Telling): Promise<boolean>
  /** Spends a recovery code. @returns how many are left; undefined when it is none of this user's */
  spendCode(userId: string, code: string): Promise<number | undefined>
  countCodes(userId: string): Promise<number>

  /** Up to `limit` users who have factors, by id, after the id `after` ('' to begin with). */
  listOwners(after: string, limit: number): Promise<string[]>
}

export interface ChallengeStore {
  /** Opens a challenge for `seconds`, in place of one of the same id. */
  open(challenge: NewChallenge, seconds: number): Promise<void>
  find(challengeId: string, kind: string): Promise<Challenge | undefined>
  /** Counts a try, of which there are `most`. @returns whether there was one left and the challenge is open */
  countTry(challengeId: string, most: number): Promise<boolean>
  /** Notes that a try was a wrong code; nothing, when it is closed by now. */
  countWrongCode(challengeId: string): Promise<void>
  /** Closes it. @returns the challenge when this call closed it */
  take(challengeId: string, kind: string): Promise<Challenge | undefined>
  /** Deletes up to `limit` that are over. @returns how many */
  deleteEnded(limit: number): Promise<number>
}
