/**
 * What services that verify access tokens by themselves are told of ended sessions: the revocation list page by page,
 * from memory. A cursor is the moment and id of the last entry, so every instance understands every other's.
 */
import type { Clock } from '../base/clock.ts'
import { SignetError } from '../base/errors.ts'
import { type EndedLog, isAfter, type Place } from './ended-log.ts'

export interface FeedPage {
  /** Behind which place to go on; the same text while nothing happens. */
  readonly cursor: string
  readonly ended: readonly Place[]
  /** Whether this read is to be gone on with. */
  readonly more: boolean
}

export interface RevocationFeed {
  /** Notes what this instance has just ended: it is told at once, with this clock's time, until a poll has the right one. */
  noteOwn(sid: string): void
  /** Notes what a poll brought. */
  notePolled(sid: string, moment: number): void
  forget(isForgotten: (sid: string) => boolean): void
  /**
   * @param since a cursor; without one it begins with all that is kept
   * @param now the store's time of the last good poll, seconds
   * @throws {SignetError} `cursor_unknown` when it is none of ours, or older than what is kept
   */
  page(since: string | undefined, limit: number, now: number): FeedPage
}

/**
 * @param log in which the feed keeps what polls bring
 * @param overlapSeconds how late a transaction may commit: so much a new read repeats of the one before
 */
export function createRevocationFeed(
  log: EndedLog,
  clock: Clock,
  { keepSeconds, overlapSeconds }: { readonly keepSeconds: number; readonly overlapSeconds: number },
): RevocationFeed {
  /** Ended here since the last poll, and when by this clock. */
  const own = new Map<string, number>()

  /** Where to begin, after this cursor. Within a read nothing is repeated: its last cursor will see to that. */
  function begin(since: Cursor | undefined, now: number): Place {
    const oldest = now - keepSeconds
    if (!since || since.moment === 0) return { moment: oldest, sid: '' }
    // Further ahead than instances are apart: the database's clock was set back, and what came since sorts before it.
    if (since.moment < oldest - overlapSeconds || since.moment > now + overlapSeconds) throw unknown('its time is over')
    return since.more ? since : { moment: Math.max(oldest, since.moment - overlapSeconds), sid: '' }
  }

  return {
    noteOwn: sid => void own.set(sid, clock()),

    notePolled(sid, moment) {
      log.insert(sid, moment)
      own.delete(sid)
    },

    forget(isForgotten) {
      log.dropWhile(isForgotten)
      // A session that is gone from the database is never polled. By this clock: one that is wrong repeats or waits for the poll.
      for (const [sid, moment] of own) if (Math.abs(clock() - moment) > overlapSeconds) own.delete(sid)
    },

    page(text, limit, now) {
      const since = text === undefined ? undefined : parseCursor(text)
      const { entries, more } = log.behind(begin(since, now), limit)
      const last = entries.at(-1) ?? since ?? start
      // Another instance may have been a poll ahead of this one: nothing goes back.
      const place = since && isAfter(since.moment, since.sid, last.moment, last.sid) ? since : last
      const mine = more ? [] : Array.from(own, ([sid, moment]) => ({ sid, moment }))
      return { cursor: format(place, more), ended: [...entries, ...mine].slice(0, limit), more }
    },
  }
}

interface Cursor extends Place {
  /** Of a read that was not finished. */
  readonly more: boolean
}

const start: Place = { moment: 0, sid: '' }

const format = ({ moment, sid }: Place, more: boolean) => `${moment}.${sid}${more ? '.more' : ''}`

function parseCursor(text: string): Cursor {
  const [, moment, sid = '', more] = /^(0|[1-9]\d{0,11})\.([\w-]{0,64})(\.more)?$/.exec(text) ?? []
  if (moment === undefined) throw unknown('it is none of ours')
  return { moment: Number(moment), sid, more: more !== undefined }
}

function unknown(reason: string): SignetError {
  return new SignetError('cursor_unknown', `a cursor was refused: ${reason}`)
}
