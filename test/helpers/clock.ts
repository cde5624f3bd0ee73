import type { Clock } from '../../src/base/clock.ts'

export interface MovableClock extends Clock {
  advance(seconds: number): void
}

/** A clock that stands still until it is moved, so that no test sleeps. */
export function movableClock(startsAt = Math.floor(Date.now() / 1000)): MovableClock {
  let now = startsAt
  return Object.assign(() => now, {
    advance(seconds: number) {
      now += seconds
    },
  })
}
