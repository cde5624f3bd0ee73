/** Chance that repeats itself: the same seed gives the same week (mulberry32). */
export interface Random {
  /** From 0 up to 1. */
  next(): number
  between(from: number, to: number): number
  /** Exponential: most are short, few are long. */
  about(mean: number): number
  happens(probability: number): boolean
}

export function seeded(seed: number): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  return {
    next,
    between: (from, to) => from + (to - from) * next(),
    about: mean => -mean * Math.log(1 - next()),
    happens: probability => next() < probability,
  }
}
