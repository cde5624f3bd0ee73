/**
 * The limit on guessing one account's password (contract section 7): a failure is booked before the hash is computed, so
 * a thousand guesses at once are no better than a thousand in a row. Never a permanent lock, and an address the account
 * has logged in from has a bucket of its own, so that strangers cannot keep the owner out.
 */
import { createHmac } from 'node:crypto'
import { SignetError } from '../errors.ts'
import type { AttemptStore } from '../stores/stores.ts'

const longestWaitSeconds = 900

/** Seconds until the next attempt, after this many failures in a row: none while some are free, then 1, 2, 4 … 900. */
export function waitAfter(failures: number, free: number): number {
  return failures < free ? 0 : Math.min(2 ** (failures - free), longestWaitSeconds)
}

export interface LoginLimit {
  /**
   * Runs one check of a password.
   * @param account the canonical name; equal for the name and the e-mail address of one user
   * @param address the client's address (IPv4) or network (IPv6 /64)
   * @param check throws `invalid_credentials` when the password is wrong
   * @throws {SignetError} `too_many_attempts` with `retryAfterSeconds`, and whatever `check` throws
   */
  guard<T>(account: string, address: string, check: () => Promise<T>): Promise<T>
  /** A name for logs that says nothing about the name. */
  nameless(account: string): string
}

/**
 * @param key a derived key: buckets are named by HMAC, so a dump tells no names
 * @param free failures in a row before the account must wait; 0 = no limit
 */
export function createLoginLimit(attempts: AttemptStore, key: Buffer, free: number): LoginLimit {
  const bucket = (...parts: string[]) => createHmac('sha256', key).update(parts.join('\0')).digest('base64url')

  async function guard<T>(account: string, address: string, check: () => Promise<T>): Promise<T> {
    if (free === 0) return check()
    const known = bucket(account, address)
    const booked = await attempts.reserve(bucket(account), known, free)
    if (!booked.allowed) {
      throw new SignetError('too_many_attempts', 'the account must wait', { retryAfterSeconds: booked.waitSeconds })
    }
    try {
      const result = await check()
      await attempts.succeed(booked.key, known)
      return result
    } catch (error) {
      if (error instanceof SignetError && error.status === 503) await attempts.release(booked.key).catch(() => {})
      throw error
    }
  }

  return { guard, nameless: account => bucket(account).slice(0, 16) }
}
