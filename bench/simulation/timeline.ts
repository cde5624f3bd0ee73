/** Things that happen one after the other, in seconds. Few are ever pending, so a sorted list is all it takes. */
export interface Timeline {
  readonly now: number
  at(time: number, act: () => void): void
  /** Lets things happen until the time comes or `isOver` says so. */
  run(until: number, isOver?: () => boolean): void
}

export function createTimeline(): Timeline {
  const pending: { time: number; act: () => void }[] = []
  let now = 0
  return {
    get now() {
      return now
    },
    at(time, act) {
      let place = pending.length
      while (place > 0 && (pending[place - 1]?.time ?? 0) <= time) place-- // the earliest is last
      pending.splice(place, 0, { time, act })
    },
    run(until, isOver = () => false) {
      while (pending.length > 0 && !isOver()) {
        const next = pending.pop()
        if (!next || next.time > until) return
        now = next.time
        next.act()
      }
    },
  }
}
