/**
 * The limit on guessing one account's password (docs/guessing.md): a failure is booked before the hash is computed, so
 * a thousand guesses at once are no better than a thousand in a row. Never a permanent lock, and strangers cannot keep the
 * owner out: an address the account has logged in from, and a device that holds a token of it, have buckets of their own.
 */
import { createHmac } from 'node:crypto'
import { SignetError } from '../base/errors.ts'
import type { AttemptStore } from '../stores/stores.ts'

const longestWaitSeconds = 900

/** Seconds until the next attempt, after this many failures in a row: none while some are free, then 1, 2, 4 … 900. */
export function waitAfter(failures: number, free: number): number {
  return failures < free ? 0 : Math.min(2 ** (failures - free), longestWaitSeconds)
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
  /**
   * Runs one check of a password.
   * @param check throws `invalid_credentials` when the password is wrong
   * @param isWhole whether the right password is all that is asked for. If not, the booked failure stays until `settle`
   * @returns what `check` did, and which booking stays
   * @throws {SignetError} `too_many_attempts` with `retryAfterSeconds`, and whatever `check` throws
   */
  guard<T>(
    attempt: Attempt,
    check: () => Promise<T>,
    isWhole?: (result: T) => boolean,
  ): Promise<{ result: T; booked?: string }>
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

  async function guard<T>(
    { account, userId, network, device }: Attempt,
    check: () => Promise<T>,
    isWhole: (result: T) => boolean = () => true,
  ) {
    if (free === 0) return { result: await check() }
    const known = bucket(account, network)
    // Whoever stole a device's token guesses in its bucket and in no other, so no more than from a known address.
    const booked =
      device === undefined
        ? await attempts.reserve(bucket(account), known, free, userId)
        : await attempts.reserve(bucket(account, 'device', device), null, free, userId)
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
    guard,
    settle: ({ account, network, userId }, booked) => attempts.succeed(booked, bucket(account, network), userId),
    lift: attempts.lift,
    nameless: account => bucket(account).slice(0, 16),
  }
}
