/** Somebody who has copied the refresh token out of the victim's browser, once, and how long that works. */
import { accessSeconds, createBrowser, weekSeconds } from './browser.ts'
import { seeded } from './random.ts'
import type { Rule } from './rules.ts'
import type { SessionRow, Token } from './session-row.ts'
import { createTimeline } from './timeline.ts'

/** `at`: seconds until the next refresh by itself. `after`: seconds behind each rotation of the victim's. */
export interface Habit {
  readonly name: string
  readonly first?: readonly [from: number, to: number]
  readonly every?: readonly [from: number, to: number]
  readonly after?: readonly [from: number, to: number]
  readonly mostPerDay?: number
}

export const habits: readonly Habit[] = [
  { name: 'keeps an access token alive', first: [0, 60], every: [accessSeconds - 60, accessSeconds] },
  { name: 'the same, from hours later', first: [3600, 28_800], every: [accessSeconds - 60, accessSeconds] },
  { name: 'comes back every hour or so', first: [0, 3600], every: [1800, 5400] },
  { name: 'comes back a few times a day', first: [0, 14_400], every: [7200, 28_800] },
  { name: 'in step, 2 minutes behind the victim', after: [100, 140] },
  { name: 'in step, seconds behind the victim', after: [2, 10] },
  { name: 'in step, 2 minutes behind, twice a day', after: [100, 140], mostPerDay: 2 },
]

/** Seconds from the theft until the session ends, or undefined when a week did not suffice. */
export function timeUntilCaught(rule: Rule, habit: Habit, seed: number): number | undefined {
  const random = seeded(seed)
  const timeline = createTimeline()
  let stolen: { from: SessionRow; token: Token; at: number } | undefined
  let isThief = false
  const uses: number[] = []
  const victim = createBrowser(timeline, random, rule, undefined, () => {
    if (habit.after && stolen && !isThief) timeline.at(timeline.now + random.between(...habit.after), use)
  })

  function use(): void {
    const today = uses.filter(at => at > timeline.now - 86_400).length
    if (!stolen || stolen.from.isOver || today >= (habit.mostPerDay ?? Number.POSITIVE_INFINITY)) return
    uses.push(timeline.now)
    isThief = true
    const token = stolen.from.present(stolen.token, timeline.now)
    isThief = false
    if (token) stolen.token = token
    if (token && habit.every) timeline.at(timeline.now + random.between(...habit.every), use)
  }

  function steal(): void {
    if (!victim.isAwake || victim.session.isOver) {
      timeline.at(timeline.now + 60, steal)
      return
    }
    stolen = { from: victim.session, token: victim.token, at: timeline.now }
    if (habit.first) timeline.at(timeline.now + random.between(...habit.first), use)
  }

  const isOver = () => stolen?.from.isOver === true
  timeline.at(random.between(9, 20) * 3600, steal) // on the first day, when the laptop is open
  timeline.run(weekSeconds, isOver)
  return stolen && isOver() ? timeline.now - stolen.at : undefined
}
