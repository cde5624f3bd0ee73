/**
 * Ended sessions in the order of their moment and id, which is the database's and so the same on every instance. Two
 * arrays beside each other, because an object for each would cost three times as much, a day's worth of them at once.
 */

/** A place in that order: behind this session. An empty `sid` is the place before all of its moment. */
export interface Place {
  readonly moment: number
  readonly sid: string
}

export interface EndedLog {
  /** Puts it in its place, if it is not there: almost always the last. */
  insert(sid: string, moment: number): void
  /** Up to `limit` behind this place, in order, and whether there are more. */
  behind(place: Place, limit: number): { readonly entries: readonly Place[]; readonly more: boolean }
  /** Drops the oldest, as long as this is true of them. */
  dropWhile(isForgotten: (sid: string) => boolean): void
}

export function createEndedLog(): EndedLog {
  const moments: number[] = []
  const sids: string[] = []
  /** What comes before is dropped: to move the rest each time would cost as much as there is. */
  let first = 0

  /** The index of the first one behind this place. */
  function indexBehind({ moment, sid }: Place): number {
    let [low, high] = [first, sids.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const isBehind = isAfter(moments[middle] as number, sids[middle] as string, moment, sid)
      if (isBehind) high = middle
      else low = middle + 1
    }
    return low
  }

  return {
    insert(sid, moment) {
      const index = indexBehind({ moment, sid })
      if (index > first && sids[index - 1] === sid) return
      sids.splice(index, 0, sid)
      moments.splice(index, 0, moment)
    },

    behind(place, limit) {
      const from = indexBehind(place)
      const to = Math.min(from + limit, sids.length)
      const entries = Array.from({ length: to - from }, (_, i) => ({
        moment: moments[from + i] as number,
        sid: sids[from + i] as string,
      }))
      return { entries, more: to < sids.length }
    },

    dropWhile(isForgotten) {
      while (first < sids.length && isForgotten(sids[first] as string)) first++
      if (first <= sids.length / 2) return
      sids.splice(0, first)
      moments.splice(0, first)
      first = 0
    },
  }
}

/** Whether one place is behind another. Ids are ASCII, so this is the order of both engines' binary collation. */
export function isAfter(moment: number, sid: string, otherMoment: number, otherSid: string): boolean {
  return moment === otherMoment ? sid > otherSid : moment > otherMoment
}
