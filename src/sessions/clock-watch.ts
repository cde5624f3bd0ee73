/**
 * Two clocks that somebody may set, this instance's and the database's, held against each other and against a stopwatch
 * that nobody can set. Once one has jumped, "since the last time" says nothing about what came after what.
 */
import type { Clock, Stopwatch } from '../base/clock.ts'

export interface ClockWatch {
  /**
   * Notes what the database said its time was.
   * @param ask gives that time
   * @returns whether one of the clocks has jumped since the last answer, forward or back
   */
  hasJumped(ask: () => Promise<number>): Promise<boolean>
  /** Seconds by which this clock was ahead of the database's at the last answer; negative when it was behind. */
  ahead(): number
  /** Whether that is more than 5 seconds either way. */
  areApart(): boolean
  /** Seconds since a jump was noticed; Infinity when there was none. */
  sinceJump(): number
}

interface Reading {
  readonly here: number
  readonly there: number
  /** The stopwatch before and after the question: `there` was read in between. */
  readonly asked: number
  readonly answered: number
}

/** A poll, and the second that whole seconds hide. */
const slackSeconds = 2
const mostSecondsApart = 5

export const apart = "this clock is more than 5 seconds from the database's"

export interface ClockLog {
  error(fields: object, text: string): void
  info(fields: object, text: string): void
}

/** @param log told when the two clocks come apart, and when they agree again */
export function createClockWatch(clock: Clock, stopwatch: Stopwatch, log?: ClockLog): ClockWatch {
  let last: Reading | undefined
  let ahead = 0
  let jumpedAt = Number.NEGATIVE_INFINITY

  const areApart = () => Math.abs(ahead) > mostSecondsApart

  async function hasJumped(ask: () => Promise<number>): Promise<boolean> {
    const [before, asked] = [clock(), stopwatch()]
    const there = await ask()
    const reading = { here: clock(), there, asked, answered: stopwatch() }
    // The answer takes its time, so it agrees with every moment between question and answer.
    const wereApart = areApart()
    ahead = there < before ? before - there : Math.min(0, reading.here - there)
    if (areApart() && !wereApart) log?.error({ aheadSeconds: ahead }, `${apart}: not ready`)
    if (!areApart() && wereApart) log?.info({ aheadSeconds: ahead }, "this clock agrees with the database's again")
    const jumped = last !== undefined && isJump(last, reading)
    if (jumped) jumpedAt = reading.answered
    last = reading
    return jumped
  }

  return {
    hasJumped,
    ahead: () => ahead,
    areApart,
    sinceJump: () => stopwatch() - jumpedAt,
  }
}

function isJump(last: Reading, next: Reading): boolean {
  const passed = next.answered - last.answered
  const [least, most] = [next.asked - last.answered, next.answered - last.asked]
  return isOff(next.here - last.here, passed, passed) || isOff(next.there - last.there, least, most)
}

function isOff(moved: number, least: number, most: number): boolean {
  return moved < 0 || moved < least - slackSeconds || moved > most + slackSeconds
}
