/**
 * The sessions that were ended while access tokens of theirs may still be alive, in memory (contract section 6): at once
 * for what this instance ended itself, by a poll for the rest. So every access token is checked against revocation
 * without a look-up per request.
 */
import type { Clock } from '../clock.ts'
import { SignetError } from '../errors.ts'
import type { SessionStore } from '../stores/stores.ts'

/** Clocks differ, and a transaction may commit after a later one was seen: each poll reads this much again. */
const overlapSeconds = 60
const readyForSeconds = 10

export interface Revocations {
  /** Notes a session ended by this instance. */
  add(sid: string): void
  /**
   * Whether access tokens of this session are refused.
   * @throws {SignetError} `unavailable` before the first load, and when the last good poll is as old as an access
   *   token can get, because then anything may have been revoked
   */
  has(sid: string): boolean
  /** Reads what was revoked since the last good poll, or everything after a failed one. */
  poll(): Promise<void>
  /** Seconds since the last good poll; Infinity before the first. */
  age(): number
  isFresh(): boolean
  readonly size: number
}

export function createRevocations(
  sessions: Pick<SessionStore, 'revokedSince'>,
  clock: Clock,
  accessTokenSeconds: number,
): Revocations {
  const keepSeconds = accessTokenSeconds + overlapSeconds
  const revokedAt = new Map<string, number>()
  let loadedAt = Number.NEGATIVE_INFINITY
  let since = 0

  async function poll(): Promise<void> {
    const startedAt = clock()
    try {
      const { now, revoked } = await sessions.revokedSince(since)
      for (const one of revoked) revokedAt.set(one.sid, one.revokedAt)
      for (const [sid, at] of revokedAt) if (at < now - keepSeconds) revokedAt.delete(sid)
      loadedAt = startedAt
      since = now - overlapSeconds
    } catch (error) {
      since = 0
      throw error
    }
  }

  const age = () => clock() - loadedAt

  return {
    add: sid => void revokedAt.set(sid, clock()),
    has(sid) {
      if (age() >= accessTokenSeconds) {
        throw new SignetError('unavailable', 'the revocation list is too old', { retryAfterSeconds: 1 })
      }
      return revokedAt.has(sid)
    },
    poll,
    age,
    isFresh: () => age() < readyForSeconds,
    get size() {
      return revokedAt.size
    },
  }
}
