/** How long this thread really works: time in which others have the processor, or worker threads hash, does not count. */

/**
 * Milliseconds of this thread's processor time from the call until what it promises is there, which no synchronous slice
 * of it can exceed. The least of a few runs when the first is above `enough`: a collection of garbage or a compilation
 * may fall into one of them, the work itself is in all.
 */
export async function processorTime(act: () => Promise<unknown>, enough: number, runs = 4): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs && least > enough; run++) {
    const before = process.threadCpuUsage()
    await act()
    const { user, system } = process.threadCpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

/** The same of one synchronous act, once. */
export function processorTimeOf(act: () => unknown): number {
  const before = process.threadCpuUsage()
  act()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
