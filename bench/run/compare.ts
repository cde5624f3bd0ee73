/** Candidates side by side: a short round of each in turn, several times over, so that noise meets all of them alike. */
import type { Measurement } from '../scenario.ts'
import { moveTo } from './cores.ts'
import type { LoadResult } from './load.ts'
import { median } from './statistics.ts'

export interface Candidate {
  readonly who: string
  measure(seconds: number): Promise<Round>
}

type Round = Pick<LoadResult, 'perSecond'> & Partial<LoadResult>

export async function compare(
  candidates: readonly Candidate[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<Measurement[]> {
  moveTo('others')
  try {
    for (const { measure } of candidates) await measure(Math.min(seconds, 1)) // for the compiler; not counted
    const results = candidates.map(({ who, measure }) => ({ who, measure, rounds: [] as Round[] }))
    for (let round = 0; round < rounds; round++) {
      // There and back, so that the order favours nobody.
      for (const { measure, rounds } of round % 2 ? results.toReversed() : results) rounds.push(await measure(seconds))
    }
    return results.map(({ who, rounds }) => {
      const busy = rounds.map(round => round.busy).filter(value => value !== undefined)
      const cpuMicroseconds = rounds.map(round => round.cpuMicroseconds).filter(value => value !== undefined)
      const values = rounds.map(({ perSecond }) => perSecond)
      return { who, values, ...(busy.length > 0 && { busy: median(busy), cpuMicroseconds }) }
    })
  } finally {
    moveTo('all')
  }
}
