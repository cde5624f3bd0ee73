/** Charts as SVG, drawn by Vega-Lite without a browser. */
import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import { cpuRatios, ratios, spreadOf } from '../run/statistics.ts'
import type { Measurement, Outcome } from '../scenario.ts'

export async function draw(specification: TopLevelSpec): Promise<string> {
  const { spec } = compile({ background: 'white', config: { font: 'sans-serif' }, ...specification })
  const view = new View(parse(spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}

/** By processor time where it is known. */
function shares(measurements: readonly Measurement[], who: string, against: string): number[] {
  const byCpu = cpuRatios(measurements, who, against)
  return byCpu.length > 0 && measurements.every(({ cpuMicroseconds }) => cpuMicroseconds)
    ? byCpu
    : ratios(measurements, who, against)
}

/** A bar for each candidate's median, a line from the least to the most; ratios where there is a reference. */
export function drawOutcome(title: string, { measurements, unit, against }: Outcome): Promise<string> {
  const values = measurements.map(({ who, values }) => ({
    who,
    ...spreadOf(against ? shares(measurements, who, against) : values),
  }))
  const scale = { field: 'median', type: 'quantitative', title: against ? `ratio to ${against}` : unit } as const
  const who = { field: 'who', type: 'nominal', sort: null, title: null, axis: { labelLimit: 300 } } as const
  return draw({
    title,
    width: 480,
    data: { values },
    encoding: { y: who },
    layer: [
      {
        mark: { type: 'bar', height: 14 },
        encoding: {
          x: scale,
          color: {
            condition: { test: "indexof(datum.who, 'Signet') === 0", value: '#1b6e8c' },
            value: '#b8c4c9',
          },
        },
      },
      {
        mark: { type: 'rule', color: '#222' },
        encoding: { x: { field: 'min', type: 'quantitative' }, x2: { field: 'max' } },
      },
    ],
  })
}
