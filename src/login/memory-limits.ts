/** Counted windows of this process alone, for limits that a restart may forget. */
import type { Clock } from '../base/clock.ts'
import type { LimitStore } from '../stores/stores.ts'

/** @param most windows that are remembered; beyond it the one opened longest ago is forgotten */
export function createMemoryLimits(clock: Clock, most = 5000): Pick<LimitStore, 'increment'> {
  const windows = new Map<string, { count: number; readonly endsAt: number }>()

  function open(key: string, endsAt: number) {
    windows.delete(key) // to be the last one again: a Map keeps the order of insertion
    const oldest = windows.size >= most ? windows.keys().next().value : undefined
    if (oldest !== undefined) windows.delete(oldest)
    const window = { count: 0, endsAt }
    windows.set(key, window)
    return window
  }

  return {
    async increment(key, windowSeconds) {
      const now = clock()
      const current = windows.get(key)
      const isOpen = current && current.endsAt > now && current.endsAt <= now + windowSeconds
      const window = isOpen ? current : open(key, now + windowSeconds)
      window.count++
      return { count: window.count, remainingSeconds: window.endsAt - now }
    },
  }
}
