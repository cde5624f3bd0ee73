/**
 * The sessions that were ended while access tokens of theirs may still be alive, in memory (contract section 6): at once
 * for what this instance ended itself, by a poll for the rest. So every access token is checked against revocation
 * without a look-up per request. What is remembered and for how long depends on no clock that somebody can set.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { type Clock, type Stopwatch, systemStopwatch } from '../base/clock.ts'
import { SignetError } from '../base/errors.ts'
import type { SessionStore } from '../stores/stores.ts'
import { type ClockLog, type ClockWatch, createClockWatch } from './clock-watch.ts'

/**
 * How long an ended session is remembered, here and in the database: the longest life of an access token that can be
 * configured, on any instance, before the next start or after it, and a minute in which tokens may still be repeated.
 */
export const keepEndedSeconds = 86_400 + 60

/** A transaction may commit after a later one was seen: each poll reads this much again. */
const overlapSeconds = 60
const readyForSeconds = 10
/** So that a day's worth of ended sessions, read at a start, is not one long turn of the event loop. */
const pageSize = 5000

export interface Revocations {
  /** Notes a session ended by this instance. */
  add(sid: string): void
  /**
   * Whether access tokens of this session are refused.
   * @throws {SignetError} `unavailable` before the first load, and when the last good poll is as old as an access
   *   token can get, because then anything may have been revoked
   */
  has(sid: string): boolean
  /** Reads what was revoked since the last good poll; everything after a failed one, and when a clock has jumped. */
  poll(): Promise<void>
  /** Seconds since the last good poll; Infinity before the first. */
  age(): number
  isFresh(): boolean
  readonly size: number
  readonly clocks: ClockWatch
}

export interface RevocationsOptions {
  readonly stopwatch?: Stopwatch
  readonly log?: ClockLog
}

export function createRevocations(
  sessions: Pick<SessionStore, 'revokedSince'>,
  clock: Clock,
  accessTokenSeconds: number,
  { stopwatch = systemStopwatch, log }: RevocationsOptions = {},
): Revocations {
  /** When each was noted, by the stopwatch, in that order. Whole seconds, which cost no object each. */
  const noted = new Map<string, number>()
  const clocks = createClockWatch(clock, stopwatch, log)
  let loaded = { at: Number.NEGATIVE_INFINITY, elapsed: Number.NEGATIVE_INFINITY }
  let since = 0

  async function poll(): Promise<void> {
    const asked = { at: clock(), elapsed: stopwatch() }
    try {
      let now = 0
      const load = async (from: number) => (now = await read(from))
      if ((await clocks.hasJumped(() => load(since))) && since > 0) await load(0)
      forget()
      loaded = asked
      since = now - overlapSeconds
    } catch (error) {
      since = 0
      throw error
    }
  }

  /** @returns the store's time when it began; what is revoked meanwhile belongs to the next poll */
  async function read(from: number): Promise<number> {
    const first = await sessions.revokedSince(from, '', pageSize)
    for (let { revoked } = first; ; ) {
      for (const { sid } of revoked) add(sid)
      const last = revoked.at(-1)
      if (!last || revoked.length < pageSize) return first.now
      await turn() // an engine may have answered in this one
      revoked = (await sessions.revokedSince(last.revokedAt, last.sid, pageSize)).revoked
    }
  }

  function add(sid: string): void {
    if (!noted.has(sid)) noted.set(sid, Math.floor(stopwatch()))
  }

  function forget(): void {
    const before = stopwatch() - keepEndedSeconds
    for (const [sid, at] of noted) {
      if (at >= before) return
      noted.delete(sid)
    }
  }

  /** By whichever says more: a clock may have been set back, and a stopwatch stands still while the machine sleeps. */
  const age = () => Math.max(clock() - loaded.at, stopwatch() - loaded.elapsed)

  return {
    add,
    has(sid) {
      if (age() >= accessTokenSeconds) {
        throw new SignetError('unavailable', 'the revocation list is too old', { retryAfterSeconds: 1 })
      }
      return noted.has(sid)
    },
    poll,
    age,
    isFresh: () => age() < readyForSeconds,
    get size() {
      return noted.size
    },
    clocks,
  }
}
