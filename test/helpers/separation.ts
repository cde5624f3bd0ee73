/** Whether times of two kinds can be told apart. */

/** How often one of the first takes longer than one of the second: 0.5 when nobody can tell (Mann-Whitney). */
export function areaUnderCurve(first: readonly number[], second: readonly number[]): number {
  let wins = 0
  for (const a of first) for (const b of second) wins += a > b ? 1 : a === b ? 0.5 : 0
  return wins / (first.length * second.length)
}

/** In another order each round, or the work left over by one kind would always fall on the same next one. */
export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map(item => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
