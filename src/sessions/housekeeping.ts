/** Deleting what has ended, in small batches, so that requests run in between. */
import { setImmediate as turn } from 'node:timers/promises'
import { createPace } from '../base/pace.ts'
import type { Stores } from '../stores/stores.ts'
import type { ClockWatch } from './clock-watch.ts'
import { keepEndedSeconds } from './revocations.ts'

/** On a large database a row costs what its pages do, so how many fit is learned. */
const deletingPace = { first: 100, least: 20, most: 500, targetMilliseconds: 6 }
/** Whoever set a clock wrongly notices soon. What was deleted by a wrong time would be missed by the right one. */
const calmSeconds = 600

/** Deletes all that is due, unless a clock has jumped lately. @param stopped asked between batches */
export async function deleteEnded(
  {
    sessions,
    limits,
    attempts,
    mails,
    challenges,
  }: Pick<Stores, 'sessions' | 'limits' | 'attempts' | 'mails' | 'challenges'>,
  clocks: Pick<ClockWatch, 'sinceJump'>,
  stopped: () => boolean,
): Promise<void> {
  if (clocks.sinceJump() < calmSeconds) return
  const removals = [
    (limit: number) => sessions.deleteEnded(keepEndedSeconds, limit),
    limits.deleteEnded,
    attempts.deleteEnded,
    mails.deleteEnded,
    challenges.deleteEnded,
  ]
  for (const remove of removals) {
    const pace = createPace(deletingPace)
    for (let isMore = true; isMore && !stopped(); await turn()) {
      const limit = pace.size()
      isMore = (await pace.keep(limit, () => remove(limit))) >= limit
    }
  }
}
