/** Counted windows in SQLite. */
import type { Clock } from '../../base/clock.ts'
import type { LimitStore } from '../../stores/stores.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

/** Also when it reaches further into the future than its own length: a clock was ahead, and has been corrected. */
const isOver = (seconds: string) => `(ends_at <= $now OR ends_at > $now + ${seconds})`

export function createSqliteLimits({ raw, write }: SqliteDatabase, clock: Clock): LimitStore {
  const increment = raw.prepare(`
    INSERT INTO limits (key, count, ends_at) VALUES ($key, 1, $now + $window)
    ON CONFLICT (key) DO UPDATE SET
      count = CASE WHEN ${isOver('$window')} THEN 1 ELSE count + 1 END,
      ends_at = CASE WHEN ${isOver('$window')} THEN excluded.ends_at ELSE ends_at END
    RETURNING count, ends_at`)
  const deleteEnded = raw.prepare(`
    DELETE FROM limits WHERE key IN (SELECT key FROM limits WHERE ${isOver('86400')} LIMIT $limit)`)

  return {
    increment: (key, windowSeconds) =>
      write(() => {
        const now = clock()
        const row = increment.get({ key, window: windowSeconds, now })
        return { count: Number(row?.['count']), remainingSeconds: Number(row?.['ends_at']) - now }
      }),

    deleteEnded: limit => write(() => Number(deleteEnded.run({ now: clock(), limit }).changes)),
  }
}
