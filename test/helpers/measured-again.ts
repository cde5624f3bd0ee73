/**
 * Measures until it is good, a few times at most. What a busy machine does to a measurement is in one of them; what the code
 * does is in all.
 * @returns the good one, or the last
 */
export async function measuredAgain<T>(measure: () => Promise<T>, isGood: (seen: T) => boolean, most = 3): Promise<T> {
  for (let left = most; ; left--) {
    const seen = await measure()
    if (left <= 1 || isGood(seen)) return seen
  }
}
