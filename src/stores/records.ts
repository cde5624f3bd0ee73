/** What is stored, as the domain sees it. Moments are epoch seconds. */
import type { FactorKind } from './factors.ts'

export interface User {
  readonly userId: string
  readonly username: string
  readonly email: string | null
  /** Whether it is theirs: only then is it a name to log in with, and nobody else's. False without an address. */
  readonly emailVerified: boolean
  readonly role: string
  readonly passwordHash: string | null
  /** Whether another maker may have made the hash: imported, or from before this was known. */
  readonly foreignHash: boolean
  readonly disabled: boolean
  /** Raised by every change of password, role, `disabled` or second factors. */
  readonly credentialsVersion: number
  readonly createdAt: number
  /** The kinds of those there are, in alphabetical order. */
  readonly secondFactors: readonly FactorKind[]
}

/** An address counts as proven unless it is said not to be. */
export type NewUser = Omit<
  User,
  'credentialsVersion' | 'createdAt' | 'disabled' | 'foreignHash' | 'emailVerified' | 'secondFactors'
> & {
  readonly emailVerified?: boolean
  readonly disabled?: boolean
  readonly foreignHash?: boolean
}

/** Of some user who has one. */
export type SampledHash = Pick<User, 'foreignHash'> & { readonly passwordHash: string }

/** What may be changed of a user; absent members stay. A changed hash is one of ours, a changed address is proven. */
export type UserChanges = Partial<Pick<User, 'username' | 'role' | 'email' | 'disabled' | 'passwordHash'>>

export type RevokeReason =
  | 'logout'
  | 'logout_all'
  | 'ended'
  | 'reuse'
  | 'password_changed'
  | 'email_changed'
  | 'role_changed'
  | 'disabled'
  | 'deleted'
  | 'admin'
  | 'displaced'
  | 'factors_changed'

/** One row per login (docs/refresh.md). */
export interface Session {
  readonly sid: string
  readonly userId: string
  readonly createdAt: number
  /** How often the refresh token was rotated; 0 at login. */
  readonly generation: number
  readonly rotatedAt: number | null
  readonly retriedAt: number | null
  readonly retries: number
  readonly retriesSince: number | null
  /** Idle expiry: moves with every rotation. */
  readonly expiresAt: number
  /** Absolute expiry: never moves. */
  readonly maxExpiresAt: number
  readonly revokedAt: number | null
  readonly revokeReason: RevokeReason | null
  readonly ip: string | null
  readonly userAgent: string | null
  /** When the user last proved who they are: at the login, or since. */
  readonly authTime: number
  /** By what, in the words of RFC 8176. */
  readonly amr: readonly string[]
}

export interface NewSession {
  readonly sid: string
  readonly userId: string
  readonly idleSeconds: number
  readonly maxAgeSeconds: number
  readonly ip: string | null
  readonly userAgent: string | null
  /** What the login was proved by; a password when not given. */
  readonly amr?: readonly string[]
  /** Noted as `AttemptStore.succeed` does, in the same act. */
  readonly success?: Success | undefined
  /** How many live sessions the user may have with this one; as many as they are when not given. */
  readonly most?: number
}

/** Where a page of a user's sessions begins: behind this one. */
export type SessionPosition = Pick<Session, 'createdAt' | 'sid'>

/** A session beside its user (absent when deleted) at the store's own time. */
export interface SessionView {
  readonly session: Session
  readonly user: User | undefined
  readonly now: number
}

/** A session that has just begun, and those that were ended for it. */
export interface BegunSession extends SessionView {
  readonly ended: readonly EndedSession[]
}

/** A session beside the name of its user. */
export interface ListedSession {
  readonly session: Session
  readonly username: string | null
}

export interface RotationPolicy {
  readonly idleSeconds: number
  readonly raceWindowSeconds: number
}

/** A session that an act has just ended. */
export interface EndedSession {
  readonly sid: string
  /** False when its time was over already. */
  readonly wasLive: boolean
}

export interface Revocation {
  readonly sid: string
  readonly revokedAt: number
}

/** Inserted; the name is this one's; or the id or the e-mail address is somebody else's. */
export type ImportOutcome = 'inserted' | { readonly namesake: Pick<User, 'userId' | 'email'> } | 'taken'

/** The bucket that was booked, and the one to be known by. */
export interface Success {
  readonly key: string
  readonly known: string
}

/** Where an attempt on an account is booked. */
export interface AccountBuckets {
  readonly bucket: string
  readonly known: string
  /** Takes the place of both when the account is this user's. */
  readonly device?: { readonly userId: string; readonly bucket: string } | undefined
}

/** What an attempt begins with. */
export interface Booking {
  readonly user: User | undefined
  readonly reservation: Reservation
}

export type Reservation =
  | {
      readonly allowed: true
      /** The bucket that was booked, and its failures with this one. */
      readonly key: string
      readonly failures: number
    }
  | { readonly allowed: false; readonly waitSeconds: number }

/** One row of the key ring (src/keys/rotation.ts). */
export interface SigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  readonly alg: string
  readonly state: 'next' | 'current' | 'retired'
  /** RFC 7517, as JSON. */
  readonly publicJwk: string
  /** Encrypted; null once erased. */
  readonly privateKey: string | null
  /** When it came into its state. */
  readonly since: number
  /** When a `next` key signs, or a `retired` one goes; null while `current`. */
  readonly changesAt: number | null
}

export type NewSigningKey = Pick<SigningKey, 'kid' | 'alg' | 'publicJwk'> & { readonly privateKey: string }

/** What a copy moves, in this order. Limits and challenges are left out: they last minutes. */
export type TransferTable = 'signing_keys' | 'users' | 'factors' | 'recovery_codes' | 'sessions' | 'attempts' | 'mails'

/** A row by the names of its columns, which both engines share; `disabled` and `foreign_hash` are booleans. */
export type TransferRow = Readonly<Record<string, string | number | boolean | null>>
