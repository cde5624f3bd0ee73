/** What a scenario is, and what it has to say when it is done. */

export interface BenchOptions {
  /** Ratios only, in under a minute. */
  readonly quick: boolean
  /** Ten million sessions too. */
  readonly full: boolean
  readonly rounds: number
  readonly seconds: number
  /** For databases and logs of this run; removed when it is over. */
  readonly folder: string
}

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly inQuick: boolean
  run(options: BenchOptions): Promise<Outcome>
}

/** One candidate, measured once a round. */
export interface Measurement {
  readonly who: string
  readonly values: readonly number[]
  /** Share of one core its process kept busy, in the median; below about 0.95 the load generator was the limit. */
  readonly busy?: number
  /** Its processor time for one request, once a round: what neighbours of this machine can hardly change. */
  readonly cpuMicroseconds?: readonly number[]
}

/** One bar: what a measurement is held against (docs/performance.md). */
export interface Judgement {
  readonly what: string
  readonly bar: string
  readonly measured: string
  readonly passes: boolean
}

export interface TimeLine {
  readonly label: string
  readonly points: readonly (readonly [second: number, value: number])[]
}

export interface Outcome {
  readonly unit: string
  readonly measurements: readonly Measurement[]
  /** Whom the ratios refer to, round by round. */
  readonly against?: string
  readonly judgements: readonly Judgement[]
  readonly notes: readonly string[]
  /** Drawn as well: how it went, second by second. */
  readonly overTime?: { readonly unit: string; readonly lines: readonly TimeLine[] }
  /** Why there is nothing. */
  readonly skipped?: string
}

export function skipped(reason: string): Outcome {
  return { unit: '', measurements: [], judgements: [], notes: [], skipped: reason }
}
