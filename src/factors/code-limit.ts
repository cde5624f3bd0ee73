/**
 * The limit on guessing second factors: a bucket for each account and no other, because who guesses here has the
 * password. Five wrong codes in a row are free, whatever LOGIN_FREE_FAILURES says; then the waits are those of passwords.
 * A guess hits with 3 in a million (three time steps are good), and an hour has room for 17 of them: 1 in 19,600.
 * A right code of the owner makes it begin anew, as a right password does: up to 15 more for each.
 */
import { createHmac } from 'node:crypto'
import { SignetError } from '../base/errors.ts'
import type { AttemptStore } from '../stores/stores.ts'

export const freeCodes = 5

export interface CodeLimit {
  /**
   * Books a wrong code in advance, as for a password: a thousand at once are no better than a thousand in a row.
   * @returns how many it would be in a row
   * @throws {SignetError} `too_many_attempts` with `retryAfterSeconds`
   */
  book(userId: string): Promise<number>
  /** The code was right. */
  succeed(userId: string): Promise<void>
  /** The bucket of a user, for what ends the waits of passwords alone. */
  bucketOf(userId: string): string
  /** It was no guess: nothing was tried. */
  release(userId: string): Promise<void>
}

/** @param key a derived key: buckets are named by HMAC */
export function createCodeLimit(attempts: AttemptStore, key: Buffer): CodeLimit {
  const bucketOf = (userId: string) => createHmac('sha256', key).update(userId).digest('base64url')

  return {
    bucketOf,
    async book(userId) {
      const booked = await attempts.reserve(bucketOf(userId), null, freeCodes, userId)
      if (booked.allowed) return booked.failures
      throw new SignetError('too_many_attempts', 'too many wrong codes', { retryAfterSeconds: booked.waitSeconds })
    },
    succeed: userId => attempts.forget(bucketOf(userId)),
    release: userId => attempts.release(bucketOf(userId), ''),
  }
}
