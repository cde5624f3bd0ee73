/** Counted windows in SQLite. */
import type { Clock } from '../../base/clock.ts'
import type { LimitStore } from '../../stores/stores.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

/** Also when it reaches further into the future than its own length: a clock was ahead, and has been corrected. */
const isOver = (seconds: string) => `(ends_at <= $now OR ends_at > $now + ${seconds})`

export function createSqliteLimits({ raw, ride, write }: SqliteDatabase, clock: Clock): LimitStore {
  const increment = raw.prepare(`
    INSERT INTO limits (key, count, ends_at) VALUES ($key, 1, $now + $window)
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN ${isOver('$window')} THEN 1 ELSE count + 1 END,
      ends_at = CASE WHEN ${isOver('$window')} THEN excluded.ends_at ELSE ends_at END
    RETURNING count, ends_at`)
  const deleteEnded = raw.prepare(`
    DELETE FROM limits WHERE key IN (SELECT key FROM limits WHERE ${isOver('86400')} LIMIT $limit)`)

  const open = raw.prepare(`SELECT count, ends_at FROM limits WHERE key = $key AND NOT ${isOver('$window')}`)
  const inLine = new Map<string, number>()

  /** What the count will be when all who are in line before have counted; undefined when it cannot be told. */
  function foresee(key: string, window: number) {
    try {
      const now = clock()
      const row = open.get({ key, window, now })
      const count = Number(row?.['count'] ?? 0) + (inLine.get(key) ?? 0) + 1
      return { count, remainingSeconds: row ? Number(row['ends_at']) - now : window }
    } catch {
      return undefined // whoever counts in line is told why
    }
  }

  async function increaseInLine(key: string, window: number, stand: typeof write) {
    inLine.set(key, (inLine.get(key) ?? 0) + 1)
    try {
      return await stand(() => {
        const now = clock()
        const row = increment.get({ key, window, now })
        return { count: Number(row?.['count']), remainingSeconds: Number(row?.['ends_at']) - now }
      })
    } finally {
      const left = (inLine.get(key) ?? 1) - 1
      if (left > 0) inLine.set(key, left)
      else inLine.delete(key)
    }
  }

  return {
    // Whoever is within the limit goes on at once, so that the next write of a login shares the commit of this one.
    async increment(key, windowSeconds, most = 0) {
      const foreseen = most > 0 ? foresee(key, windowSeconds) : undefined
      if (!foreseen || foreseen.count > most) return increaseInLine(key, windowSeconds, write)
      increaseInLine(key, windowSeconds, ride).catch(() => {}) // the next write tells of it
      return foreseen
    },

    deleteEnded: limit => write(() => Number(deleteEnded.run({ now: clock(), limit }).changes)),
  }
}
