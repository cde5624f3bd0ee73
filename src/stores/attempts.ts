/** What the engines promise about failed attempts and counted windows. */
import type { AccountBuckets, Booking, Reservation } from './records.ts'

/**
 * Failures in a row. A bucket is a key that says nothing about the name. Its wait is `waitAfter(failures, free)` from the
 * booking on; one that reaches further into the future than that is over: a clock was ahead, and has been corrected.
 */
export interface AttemptStore {
  /**
   * Books a failure in advance in the bucket `known` if there is one of that key, else in `bucket`: one statement decides
   * and counts, so parallel attempts cannot slip through.
   * @param userId whom the bucket belongs to, if anybody
   */
  reserve(bucket: string, known: string | null, free: number, userId?: string | undefined): Promise<Reservation>
  /** Finds the user of a canonical name, and books for the account: one act of the database. */
  reserveFor(username: string, buckets: AccountBuckets, free: number): Promise<Booking>
  /**
   * Takes bookings back, one or `count`: they were no failures. Of a bucket but `known` that holds no other failure nothing
   * stays.
   */
  release(key: string, known: string, count?: number): Promise<void>
  /** Keeps the failures of a bucket for a day from now on. */
  renew(key: string): Promise<void>
  /** Takes the failures of the booked bucket back to none, and opens or renews the bucket `known` for 30 days. */
  succeed(key: string, known: string, userId?: string | undefined): Promise<void>
  /** Takes the failures of every bucket of a user but `except` back to none; known ones stay known. */
  lift(userId: string, except?: string): Promise<void>
  /** Deletes up to `limit` buckets that nobody used for their time. @returns how many */
  deleteEnded(limit: number): Promise<number>
}

export interface LimitStore {
  /**
   * Counts one more in the key's current window, opening one of `windowSeconds` (a day at most) when there is none. A
   * window that reaches further into the future than that is over: a clock was ahead, and has been corrected.
   * @param most a count of no more than this may be told before it is on disk, because whoever is within a limit goes on and
   *   asks for more; of what they then ask for nothing is told before
   * @returns the count with this one, and the seconds until the window ends
   */
  increment(key: string, windowSeconds: number, most?: number): Promise<{ count: number; remainingSeconds: number }>
  /** Deletes up to `limit` windows that are over. @returns how many */
  deleteEnded(limit: number): Promise<number>
}
