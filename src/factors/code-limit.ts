/**
 * The limit on guessing second factors: a bucket for each account and no other, because who guesses here has the
 * password. Five wrong codes are free, whatever LOGIN_FREE_FAILURES says; then the waits are those of passwords. A right
 * code takes back the wrong ones of its own login and no others, or every login of the owner would be a handful of guesses
 * for whoever else has the password. A guess hits with 3 in a million (three time steps are good), and an hour has room for
 * 17 of them: 1 in 19,600, however often the owner logs in. What is not taken back is forgotten a day after the last one.
 */
import { createHmac } from 'node:crypto'
import { SignetError } from '../base/errors.ts'
import type { AttemptStore } from '../stores/stores.ts'

export const freeCodes = 5

export interface CodeLimit {
  /**
   * Books a wrong code in advance, as for a password: a thousand at once are no better than a thousand in a row.
   * @returns how many it would be
   * @throws {SignetError} `too_many_attempts` with `retryAfterSeconds`
   */
  book(userId: string): Promise<number>
  /** The code was wrong, so all of them count for another day. */
  fail(userId: string): Promise<void>
  /** Takes bookings back: nothing was tried, the code was right, or the wrong ones were of whoever has shown a right one. */
  takeBack(userId: string, count?: number): Promise<void>
  /** The bucket of a user, for what ends the waits of passwords alone. */
  bucketOf(userId: string): string
}

/** @param key a derived key: buckets are named by HMAC */
export function createCodeLimit(attempts: AttemptStore, key: Buffer): CodeLimit {
  const bucketOf = (userId: string) => createHmac('sha256', key).update(userId).digest('base64url')

  return {
    bucketOf,
    async book(userId) {
      const bucket = bucketOf(userId)
      // As if known by itself: a booking does not renew its day, or typing errors of months would add up.
      const booked = await attempts.reserve(bucket, bucket, freeCodes, userId)
      if (booked.allowed) return booked.failures
      throw new SignetError('too_many_attempts', 'too many wrong codes', { retryAfterSeconds: booked.waitSeconds })
    },
    fail: userId => attempts.renew(bucketOf(userId)),
    takeBack: (userId, count = 1) => attempts.release(bucketOf(userId), '', count),
  }
}
