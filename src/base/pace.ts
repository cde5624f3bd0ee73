/**
 * How much a transaction may do on this machine and this disk: learned from each, so that whoever waits for the next one
 * never waits for long. Commits of the background and of commands aim well below 20 ms.
 */
import { type Stopwatch, systemStopwatch } from './clock.ts'

export interface Pace {
  /** How many rows the next transaction should have. */
  size(): number
  /** Does it, and learns from how long it took. */
  keep<T>(rows: number, act: () => Promise<T>): Promise<T>
}

export interface PaceOptions {
  readonly first: number
  readonly least: number
  readonly most: number
  /** What a transaction should take, its waiting for the disk included. */
  readonly targetMilliseconds: number
}

export function createPace(
  { first, least, most, targetMilliseconds }: PaceOptions,
  stopwatch: Stopwatch = systemStopwatch,
): Pace {
  let size = first
  return {
    size: () => size,
    async keep(rows, act) {
      const startedAt = stopwatch()
      const result = await act()
      const milliseconds = (stopwatch() - startedAt) * 1000
      const factor = Math.min(Math.max(targetMilliseconds / milliseconds, 0.5), 1.5)
      if (rows >= size || factor < 1) size = Math.min(Math.max(Math.round(size * factor), least), most)
      return result
    },
  }
}
