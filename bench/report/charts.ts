/** The chart of an outcome. */
import { cpuRatios, ratios, spreadOf } from '../run/statistics.ts'
import type { Measurement, Outcome } from '../scenario.ts'
import { barChart, lineChart } from './svg.ts'

/** A bar for each candidate's median, a line from the least to the most; ratios where there is a reference. */
export function drawOutcome(title: string, { measurements, unit, against }: Outcome): string {
  const bars = measurements.map(({ who, values }) => {
    const { median, min, max } = spreadOf(against ? shares(measurements, who, against) : values)
    return { label: who, value: median, spread: [min, max] as const, isOurs: who.startsWith('Signet') }
  })
  return barChart(title, against ? `ratio to ${against}` : unit, bars)
}

/** How it went, second by second. */
export function drawOverTime(title: string, { unit, lines }: NonNullable<Outcome['overTime']>): string {
  return lineChart(title, `${unit}, and seconds`, lines, { compress: true, even: true })
}

/** By processor time where it is known. */
function shares(measurements: readonly Measurement[], who: string, against: string): number[] {
  const byCpu = cpuRatios(measurements, who, against)
  return byCpu.length > 0 && measurements.every(({ cpuMicroseconds }) => cpuMicroseconds)
    ? byCpu
    : ratios(measurements, who, against)
}
