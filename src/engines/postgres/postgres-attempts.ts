/** Failed attempts in PostgreSQL. */
import type { AttemptStore } from '../../stores/stores.ts'
import { attemptBooker } from './book-attempt.ts'
import { among, type PostgresDatabase, statement } from './postgres-database.ts'

const release = statement(
  'release attempt',
  `UPDATE attempts SET failures = greatest(failures - $count::bigint, 0), blocked_until = least(blocked_until, $now)
  WHERE key = $key`,
)
const forgetUntried = statement(
  'forget attempt',
  'DELETE FROM attempts WHERE key = $key AND failures <= $count::bigint RETURNING key',
)
const renew = statement('renew attempts', 'UPDATE attempts SET expires_at = $now + 86400 WHERE key = $key')
const lift = statement(
  'lift waits',
  `UPDATE attempts SET failures = 0, blocked_until = 0
  WHERE user_id = $userId AND key <> $except AND (failures > 0 OR blocked_until > 0)`,
)
const deleteEnded = statement(
  'delete ended attempts',
  `DELETE FROM attempts WHERE key ${among(`
    SELECT key FROM attempts WHERE expires_at <= $now ORDER BY expires_at LIMIT $limit::bigint FOR UPDATE SKIP LOCKED`)}
  RETURNING key`,
)

export function createPostgresAttempts(database: PostgresDatabase): AttemptStore {
  const { ask } = database
  return {
    ...attemptBooker(database),
    async release(key, known, count = 1) {
      if (key === known || (await ask(forgetUntried, { key, count })).length === 0) await ask(release, { key, count })
    },
    renew: async key => void (await ask(renew, { key })),
    lift: async (userId, except = '') => void (await ask(lift, { userId, except })),
    deleteEnded: async limit => (await ask(deleteEnded, { limit })).length,
  }
}
