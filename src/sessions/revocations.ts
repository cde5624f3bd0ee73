/**
 * The sessions that were ended while access tokens of theirs may still be alive, in memory: at once
 * for what this instance ended itself, by a poll for the rest. So every access token is checked against revocation
 * without a look-up per request. What is remembered and for how long depends on no clock that somebody can set.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { type Clock, type Stopwatch, systemStopwatch } from '../base/clock.ts'
import { SignetError } from '../base/errors.ts'
import type { SessionStore } from '../stores/stores.ts'
import { type ClockLog, type ClockWatch, createClockWatch } from './clock-watch.ts'
import { createEndedLog } from './ended-log.ts'
import { createRevocationFeed, type FeedPage } from './revocation-feed.ts'

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
  /**
   * What services are told that verify by themselves: what has ended since that cursor, or all that is kept.
   * @returns with the store's time of the last good poll, in seconds
   * @throws {SignetError} `cursor_unknown`, or `unavailable` as `has` does
   */
  page(since: string | undefined, limit: number): FeedPage & { readonly now: number }
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
  const feed = createRevocationFeed(createEndedLog(), clock, { keepSeconds: keepEndedSeconds, overlapSeconds })
  let loaded = { at: Number.NEGATIVE_INFINITY, elapsed: Number.NEGATIVE_INFINITY, now: 0 }
  let since = 0

  async function poll(): Promise<void> {
    const asked = { at: clock(), elapsed: stopwatch() }
    try {
      let now = 0
      const load = async (from: number) => (now = await read(from))
      if ((await clocks.hasJumped(() => load(since))) && since > 0) await load(0)
      forget()
      loaded = { ...asked, now }
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
      for (const { sid, revokedAt } of revoked) {
        note(sid)
        feed.notePolled(sid, revokedAt)
      }
      const last = revoked.at(-1)
      if (!last || revoked.length < pageSize) return first.now
      await turn() // an engine may have answered in this one
      revoked = (await sessions.revokedSince(last.revokedAt, last.sid, pageSize)).revoked
    }
  }

  function note(sid: string): void {
    if (!noted.has(sid)) noted.set(sid, Math.floor(stopwatch()))
  }

  function forget(): void {
    const before = stopwatch() - keepEndedSeconds
    for (const [sid, at] of noted) {
      if (at >= before) break
      noted.delete(sid)
    }
    feed.forget(sid => !noted.has(sid))
  }

  function mustBeKnown(): void {
    if (age() < accessTokenSeconds) return
    throw new SignetError('unavailable', 'the revocation list is too old', { retryAfterSeconds: 1 })
  }

  /** By whichever says more: a clock may have been set back, and a stopwatch stands still while the machine sleeps. */
  const age = () => Math.max(clock() - loaded.at, stopwatch() - loaded.elapsed)

  return {
    add(sid) {
      if (!noted.has(sid)) feed.noteOwn(sid)
      note(sid)
    },
    has(sid) {
      mustBeKnown()
      return noted.has(sid)
    },
    page(since, limit) {
      mustBeKnown()
      return { ...feed.page(since, limit, loaded.now), now: loaded.now }
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
