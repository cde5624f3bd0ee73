/**
 * Hands back the memory of a busy hour. V8 collects when something is allocated, so a service that nobody asks anything
 * any more would keep what it once needed. The collection that gives pages back takes some 40 ms and drops compiled code,
 * which costs the next second of load, so it waits until nobody has asked for a while.
 */
import { getHeapStatistics } from 'node:v8'

const calmUtilization = 0.02
/** With ten seconds between them, a minute. */
const calmLooks = 6
/** Less is not worth it. */
const worthBytes = 8 * 1024 * 1024

export interface IdleMemoryDependencies {
  /** Share of time the event loop was busy since it was last asked. */
  readonly utilization: () => number
  readonly heapBytes: () => number
  readonly collect: () => void
}

/** @returns to be called every ten seconds; collects after a minute of calm, when much may be gained */
export function createIdleMemory({ utilization, heapBytes, collect }: IdleMemoryDependencies): () => void {
  let keptBytes = 0
  let calm = 0
  return () => {
    calm = utilization() > calmUtilization ? 0 : calm + 1
    if (calm < calmLooks || heapBytes() < keptBytes + worthBytes) return
    collect()
    keptBytes = heapBytes()
  }
}

/** Of this process; undefined unless Node was started with `--expose-gc`. */
export function idleMemoryOfProcess(): (() => void) | undefined {
  const { gc, performance } = globalThis
  if (!gc) return undefined
  let last = performance.eventLoopUtilization()
  return createIdleMemory({
    utilization() {
      const before = last
      last = performance.eventLoopUtilization()
      return performance.eventLoopUtilization(last, before).utilization
    },
    heapBytes: () => getHeapStatistics().total_heap_size,
    // The last resort is the one collection that also gives the pages back.
    collect: () => void gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
  })
}
