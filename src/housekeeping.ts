/** Deleting what has ended, in small batches, so that requests run in between. */
import { setImmediate as turn } from 'node:timers/promises'
import type { ClockWatch } from './sessions/clock-watch.ts'
import { keepEndedSeconds } from './sessions/revocations.ts'
import type { Stores } from './stores/stores.ts'

const batch = 500
/** Whoever set a clock wrongly notices soon. What was deleted by a wrong time would be missed by the right one. */
const calmSeconds = 600

/** Deletes all that is due, unless a clock has jumped lately. @param stopped asked between batches */
export async function deleteEnded(
  { sessions, limits, attempts }: Pick<Stores, 'sessions' | 'limits' | 'attempts'>,
  clocks: Pick<ClockWatch, 'sinceJump'>,
  stopped: () => boolean,
): Promise<void> {
  if (clocks.sinceJump() < calmSeconds) return
  const removals = [
    () => sessions.deleteEnded(keepEndedSeconds, batch),
    () => limits.deleteEnded(batch),
    () => attempts.deleteEnded(batch),
  ]
  for (const remove of removals) {
    while (!stopped() && (await remove()) >= batch) await turn()
  }
}
