/** Moments and spans of the lab's clock, in words. */
const units = [
  ['day', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const

/** The largest units of a span, as in `14 min 59 s`. */
export function span(seconds: number, most = 2): string {
  let rest = Math.max(0, Math.round(seconds))
  if (rest === 0) return '0 s'
  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(unit === 'day' ? `${count} ${count === 1 ? 'day' : 'days'}` : `${count} ${unit}`)
  }
  return parts.slice(0, most).join(' ')
}

/** The time of day, by the lab's own clock, whose day begins at nine wherever you are. */
export const timeOfDay = (moment: number) => new Date(moment * 1000).toISOString().slice(11, 19)

/** Days since the lab's first one, which is 1. */
export const dayOf = (moment: number, beginning: number) =>
  Math.floor(moment / 86_400) - Math.floor(beginning / 86_400) + 1

export const dateAndTime = (moment: number) => new Date(moment * 1000).toISOString().slice(0, 19).replace('T', ' ')
