/** Failed attempts in PostgreSQL. */
import type { AttemptStore } from '../../stores/stores.ts'
import { type PostgresDatabase, statement } from './postgres-database.ts'

const day = 86_400
const knownSeconds = 30 * day

/** `waitAfter(failures, free)` of src/login/login-limit.ts, to which the contract suite holds it. */
const waitOf = (failures: string) => `CASE WHEN ${failures} < $free::bigint THEN 0
      ELSE least(900, 1::bigint << least(${failures} - $free::bigint, 10)::integer) END`

/** What reaches further into the future than its own length is over as well: a clock was ahead, and has been corrected. */
const waitIsOver = `(attempts.blocked_until <= $now OR attempts.blocked_until > $now + ${waitOf('attempts.failures')})`
const dayIsOver = `(attempts.expires_at <= $now OR attempts.expires_at > $now + ${day})`

/**
 * One of the two books, or none. Attempts at once queue up at the row, and each judges `blocked_until` as the one before
 * left it (an ON CONFLICT DO UPDATE too judges its WHERE by the newest row).
 */
const book = statement(
  'book attempt',
  `WITH known AS (
    SELECT key FROM attempts WHERE key = $known AND expires_at > $now
  ), in_known AS (
    UPDATE attempts SET failures = failures + 1, blocked_until = $now + ${waitOf('failures + 1')},
      user_id = coalesce($userId, user_id)
    WHERE key IN (SELECT key FROM known) AND ${waitIsOver} AND expires_at > $now
    RETURNING key, failures
  ), in_other AS (
    INSERT INTO attempts (key, failures, blocked_until, expires_at, user_id)
    SELECT $bucket, 1, $now + ${waitOf('1')}, $now + ${day}, $userId WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN ${dayIsOver} THEN 1 ELSE attempts.failures + 1 END,
      blocked_until = $now + CASE WHEN ${dayIsOver} THEN ${waitOf('1')} ELSE ${waitOf('attempts.failures + 1')} END,
      expires_at = excluded.expires_at, user_id = coalesce(excluded.user_id, attempts.user_id)
    WHERE ${waitIsOver} OR ${dayIsOver}
    RETURNING key, failures
  )
  SELECT key, failures FROM in_known UNION ALL SELECT key, failures FROM in_other`,
)
/** Of the bucket that refused: the known one where there is one. */
const wait = statement(
  'wait of attempts',
  `SELECT blocked_until - $now AS seconds FROM attempts WHERE key IN ($known, $bucket) AND expires_at > $now
  ORDER BY key = $bucket LIMIT 1`,
)
const release = statement(
  'release attempt',
  `UPDATE attempts SET failures = greatest(failures - 1, 0), blocked_until = least(blocked_until, $now) WHERE key = $key`,
)
const forgetUntried = statement(
  'forget attempt',
  'DELETE FROM attempts WHERE key = $key AND failures <= 1 RETURNING key',
)
const forget = statement('forget failures', 'DELETE FROM attempts WHERE key = $key')
const succeed = statement(
  'attempt succeeded',
  `WITH forgotten AS (DELETE FROM attempts WHERE key = $key AND key <> $known)
  INSERT INTO attempts (key, failures, blocked_until, expires_at, user_id)
  VALUES ($known, 0, 0, $now + ${knownSeconds}, $userId)
  ON CONFLICT (key) DO UPDATE SET
    failures = 0, blocked_until = 0, expires_at = excluded.expires_at, user_id = excluded.user_id`,
)
const lift = statement(
  'lift waits',
  `UPDATE attempts SET failures = 0, blocked_until = 0
  WHERE user_id = $userId AND (failures > 0 OR blocked_until > 0)`,
)
const deleteEnded = statement(
  'delete ended attempts',
  `DELETE FROM attempts WHERE key IN (
    SELECT key FROM attempts WHERE expires_at <= $now ORDER BY expires_at LIMIT $limit::bigint FOR UPDATE SKIP LOCKED)
  RETURNING key`,
)

export function createPostgresAttempts({ ask }: PostgresDatabase): AttemptStore {
  return {
    async reserve(bucket, known, free, userId) {
      const [booked] = await ask(book, { bucket, known, free, userId: userId ?? null })
      if (booked) return { allowed: true, key: booked['key'] as string, failures: booked['failures'] as number }
      const [refused] = await ask(wait, { bucket, known })
      return { allowed: false, waitSeconds: Math.max(1, Number(refused?.['seconds'] ?? 0)) }
    },
    async release(key, known) {
      if (key === known || (await ask(forgetUntried, { key })).length === 0) await ask(release, { key })
    },
    forget: async key => void (await ask(forget, { key })),
    succeed: async (key, known, userId) => void (await ask(succeed, { key, known, userId: userId ?? null })),
    lift: async userId => void (await ask(lift, { userId })),
    deleteEnded: async limit => (await ask(deleteEnded, { limit })).length,
  }
}
