/**
 * The limit on guessing one account's password (docs/guessing.md): a failure is booked before the hash is computed, so
 * a thousand guesses at once are no better than a thousand in a row. Never a permanent lock, and strangers cannot keep the
 * owner out: an address the account has logged in from, and a device that holds a token of it, have buckets of their own.
 */
import { createHmac } from 'node:crypto'
import { SignetError } from '../base/errors.ts'
import type { AttemptStore, Booking, Reservation, Success } from '../stores/stores.ts'

const longestWaitSeconds = 900

/** Seconds until the next attempt, after this many failures in a row: none while some are free, then 1, 2, 4 … 900. */
export function waitAfter(failures: number, free: number): number {
  return failures < free ? 0 : Math.min(2 ** (failures - free), longestWaitSeconds)
}

/** A session that a token proves there was. */
export interface Device {
  readonly sub: string
  readonly sid: string
}

export interface Attempt {
  /** The canonical name; equal for the name and the e-mail address of one user. */
  readonly account: string
  /** Whose account it is; undefined for a name that nobody has. */
  readonly userId: string | undefined
  /** The client's address (IPv4) or network (IPv6 /64). */
  readonly network: string
  /** The id of a session of this account, however long ended, of which the client has shown a token. */
  readonly device: string | undefined
}

export interface LoginLimit {
  /** Whether there is no limit at all. */
  readonly isOff: boolean
  /** Books a failure in advance; none without a limit. @throws {SignetError} `unavailable` */
  reserve(attempt: Attempt): Promise<Reservation | undefined>
  /** With a limit, the same for the account of a canonical name, whose user is found on the way. @param shown of somebody */
  reserveFor(username: string, network: string, shown?: Device): Promise<Booking>
  /**
   * Runs one check of a password.
   * @param booked by `reserve`; none without a limit
   * @param check throws `invalid_credentials` when the password is wrong
   * @param isWhole whether the right password is all that is asked for. If not, the booked failure stays until `settle`
   * @returns what `check` did, and which booking stays
   * @throws {SignetError} `too_many_attempts` with `retryAfterSeconds`, and whatever `check` throws
   */
  guard<T>(
    booked: Reservation | undefined,
    attempt: Omit<Attempt, 'device'>,
    check: () => Promise<T>,
    isWhole?: (result: T) => boolean,
  ): Promise<{ result: T; booked?: string }>
  /** The success of what was booked, to be noted with something else. */
  successOf(attempt: Pick<Attempt, 'account' | 'network'>, booked: string): Success
  /** Notes the success of what was only half of one, by its booking. */
  settle(attempt: Omit<Attempt, 'device'>, booked: string): Promise<void>
  /** Ends every wait of a user at once. @throws {SignetError} `unavailable` */
  lift(userId: string): Promise<void>
  /** A name for logs that says nothing about the name. */
  nameless(account: string): string
}

/**
 * @param key a derived key: buckets are named by HMAC, so a dump tells no names
 * @param free failures in a row before the account must wait; 0 = no limit
 */
export function createLoginLimit(attempts: AttemptStore, key: Buffer, free: number): LoginLimit {
  const bucket = (...parts: string[]) => createHmac('sha256', key).update(parts.join('\0')).digest('base64url')

  // Whoever stole a device's token guesses in its bucket and in no other, so no more than from a known address.
  const bucketOf = (account: string, device: string) => bucket(account, 'device', device)

  async function guard<T>(
    booked: Reservation | undefined,
    { account, userId, network }: Omit<Attempt, 'device'>,
    check: () => Promise<T>,
    isWhole: (result: T) => boolean = () => true,
  ) {
    if (!booked) return { result: await check() }
    const known = bucket(account, network)
    if (!booked.allowed) {
      throw new SignetError('too_many_attempts', 'the account must wait', { retryAfterSeconds: booked.waitSeconds })
    }
    try {
      const result = await check()
      if (!isWhole(result)) return { result, booked: booked.key }
      await attempts.succeed(booked.key, known, userId)
      return { result }
    } catch (error) {
      const wasTried = !(error instanceof SignetError && error.status === 503)
      if (!wasTried) await attempts.release(booked.key, known).catch(() => {})
      throw error
    }
  }

  return {
    isOff: free === 0,
    async reserve({ account, network, device, userId }) {
      if (free === 0) return undefined
      if (device !== undefined) return attempts.reserve(bucketOf(account, device), null, free, userId)
      return attempts.reserve(bucket(account), bucket(account, network), free, userId)
    },
    reserveFor(username, network, shown) {
      const device = shown && { userId: shown.sub, bucket: bucketOf(username, shown.sid) }
      return attempts.reserveFor(username, { bucket: bucket(username), known: bucket(username, network), device }, free)
    },
    guard,
    successOf: ({ account, network }, booked) => ({ key: booked, known: bucket(account, network) }),
    settle: ({ account, network, userId }, booked) => attempts.succeed(booked, bucket(account, network), userId),
    lift: attempts.lift,
    nameless: account => bucket(account).slice(0, 16),
  }
}
