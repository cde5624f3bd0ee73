/** The tables of an outcome, as cells: for the terminal and for the page alike. */
import { cpuRatios, median, ratios, shown, shownSpread, spreadOf } from '../run/statistics.ts'
import type { Outcome } from '../scenario.ts'

export interface Rows {
  readonly head: string[]
  readonly rows: string[][]
}

export function rowsOf({ measurements, unit, against }: Outcome): Rows {
  const hasBusy = measurements.some(({ busy }) => busy !== undefined)
  const head = [
    '',
    unit,
    ...(against ? [`of ${against}`] : []),
    ...(hasBusy ? ['core used', 'µs of it'] : []),
    ...(hasBusy && against ? ['by processor time'] : []),
  ]
  const rows = measurements.map(({ who, values, busy, cpuMicroseconds }) => [
    who,
    shownSpread(spreadOf(values)),
    ...(against ? [shownSpread(spreadOf(ratios(measurements, who, against)))] : []),
    ...(hasBusy ? costOf(busy, cpuMicroseconds) : []),
    ...(hasBusy && against ? [shownSpread(spreadOf(cpuRatios(measurements, who, against)))] : []),
  ])
  return { head, rows }
}

function costOf(busy: number | undefined, cpuMicroseconds: readonly number[] = []): string[] {
  return busy === undefined ? ['', ''] : [`${Math.round(busy * 100)} %`, shown(median(cpuMicroseconds))]
}

export function barsOf(outcomes: readonly Outcome[]): Rows {
  const rows = outcomes
    .flatMap(({ judgements }) => judgements)
    .map(({ what, bar, measured, passes }) => [what, bar, measured, passes ? 'pass' : '**short**'])
  return { head: ['what', 'bar', 'median (least–most)', ''], rows }
}
