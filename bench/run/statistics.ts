/** Medians and ratios. A ratio is taken round by round, so that what slows a whole round down cancels out. */
import type { Judgement, Measurement } from '../scenario.ts'

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * part
  const [below = Number.NaN, above = below] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return below + (above - below) * (at - Math.floor(at))
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/** One ratio a round: of requests a second. */
export function ratios(measurements: readonly Measurement[], who: string, against: string): number[] {
  return divided(find(measurements, who)?.values, find(measurements, against)?.values)
}

/**
 * The same of requests per second of processor time. On a core that a server has to itself and keeps busy the two agree;
 * where neighbours take part of it, or the load generator is too slow, this one is still about the server.
 */
export function cpuRatios(measurements: readonly Measurement[], who: string, against: string): number[] {
  return divided(find(measurements, against)?.cpuMicroseconds, find(measurements, who)?.cpuMicroseconds)
}

const find = (measurements: readonly Measurement[], name: string) => measurements.find(one => one.who === name)

function divided(values: readonly number[] = [], by: readonly number[] = []): number[] {
  return values.length === by.length ? values.map((value, round) => value / (by[round] ?? Number.NaN)) : []
}

export function shown(number: number): string {
  if (number >= 100) return Math.round(number).toLocaleString('en-US')
  return number.toFixed(number >= 10 ? 1 : 2)
}

export function shownSpread({ median, min, max }: Spread): string {
  if (Number.isNaN(median)) return ''
  return min === max ? shown(median) : `${shown(median)} (${shown(min)}–${shown(max)})`
}

/** The bar is for the median: a single round is noise. */
export function atLeast(what: string, bar: number, values: readonly number[], of: string): Judgement {
  const spread = spreadOf(values)
  return {
    what,
    bar: `at least ${bar.toFixed(2)} of ${of}`,
    measured: shownSpread(spread),
    passes: spread.median >= bar,
  }
}

export function atMost(what: string, bar: number, unit: string, values: readonly number[]): Judgement {
  const spread = spreadOf(values)
  const measured = `${shownSpread(spread)} ${unit}`
  return { what, bar: `at most ${bar} ${unit}`, measured, passes: spread.median <= bar }
}
