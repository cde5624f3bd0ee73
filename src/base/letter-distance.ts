/** How far apart two words are (Damerau and Levenshtein): letters left out, added, exchanged, and two that changed places. */
export function letterDistance(a: string, b: string): number {
  let [former, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) row[j] = Math.min(row[j] ?? 0, (former[j - 2] ?? 0) + 1)
    }
    former = last
    last = row
  }
  return last[b.length] ?? 0
}
