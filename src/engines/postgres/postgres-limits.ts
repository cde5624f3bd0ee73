/** Counted windows in PostgreSQL. */
import type { LimitStore } from '../../stores/stores.ts'
import { among, type PostgresDatabase, statement } from './postgres-database.ts'

/** Also when it reaches further into the future than its own length: a clock was ahead, and has been corrected. */
const isOver = (seconds: string) => `(limits.ends_at <= $now OR limits.ends_at > $now + ${seconds})`

// Those who count at once queue up at the row, and each counts on from what the one before left.
const increment = statement(
  'count',
  `INSERT INTO limits (key, count, ends_at) VALUES ($key, 1, $now + $window::bigint)
  ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN ${isOver('$window::bigint')} THEN 1 ELSE limits.count + 1 END,
    ends_at = CASE WHEN ${isOver('$window::bigint')} THEN excluded.ends_at ELSE limits.ends_at END
  RETURNING count, ends_at - $now AS remaining`,
)
const some = 'LIMIT $limit::bigint FOR UPDATE SKIP LOCKED'
// Both ends of the index, where one condition would read all that is between them.
const deleteEnded = statement(
  'delete ended windows',
  `DELETE FROM limits WHERE key ${among(`
    SELECT key FROM (SELECT key FROM limits WHERE ends_at <= $now ORDER BY ends_at ${some}) AS past
    UNION ALL
    SELECT key FROM (SELECT key FROM limits WHERE ends_at > $now + 86400 ORDER BY ends_at DESC ${some}) AS ahead
    LIMIT $limit::bigint`)}
  RETURNING key`,
)

export function createPostgresLimits({ ask }: PostgresDatabase): LimitStore {
  return {
    async increment(key, window) {
      const [row] = await ask(increment, { key, window })
      return { count: row?.['count'] as number, remainingSeconds: row?.['remaining'] as number }
    },
    deleteEnded: async limit => (await ask(deleteEnded, { limit })).length,
  }
}
