/** Failed attempts in PostgreSQL. */
import type { AttemptStore } from '../stores.ts'
import { type PostgresDatabase, statement } from './postgres-database.ts'

const day = 86_400
const knownSeconds = 30 * day

/** `waitAfter(failures + 1, free)` of src/limits/login-limit.ts, to which the contract suite holds it. */
const waitOfNext = (failures: string) => `CASE WHEN ${failures} + 1 < $free::bigint THEN 0
      ELSE least(900, 1::bigint << least(${failures} + 1 - $free::bigint, 10)::integer) END`

/**
 * One of the two books, or none. Attempts at once queue up at the row, and each judges `blocked_until` as the one before
 * left it (an ON CONFLICT DO UPDATE too judges its WHERE by the newest row).
 */
const book = statement(
  'book attempt',
  `WITH known AS (
    SELECT key FROM attempts WHERE key = $known AND expires_at > $now
  ), in_known AS (
    UPDATE attempts SET failures = failures + 1, blocked_until = $now + ${waitOfNext('failures')}
    WHERE key IN (SELECT key FROM known) AND blocked_until <= $now AND expires_at > $now
    RETURNING key
  ), in_account AS (
    INSERT INTO attempts (key, failures, blocked_until, expires_at)
    SELECT $account, 1, $now + ${waitOfNext('0')}, $now + ${day} WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN attempts.expires_at <= $now THEN 1 ELSE attempts.failures + 1 END,
      blocked_until = $now + CASE WHEN attempts.expires_at <= $now THEN ${waitOfNext('0')}
        ELSE ${waitOfNext('attempts.failures')} END,
      expires_at = excluded.expires_at
    WHERE attempts.blocked_until <= $now OR attempts.expires_at <= $now
    RETURNING key
  )
  SELECT key FROM in_known UNION ALL SELECT key FROM in_account`,
)
/** Of the bucket that refused: the known one where there is one. */
const wait = statement(
  'wait of attempts',
  `SELECT blocked_until - $now AS seconds FROM attempts WHERE key IN ($known, $account) AND expires_at > $now
  ORDER BY key = $known DESC LIMIT 1`,
)
const release = statement(
  'release attempt',
  `UPDATE attempts SET failures = greatest(failures - 1, 0), blocked_until = least(blocked_until, $now) WHERE key = $key`,
)
const succeed = statement(
  'attempt succeeded',
  `WITH forgotten AS (DELETE FROM attempts WHERE key = $key AND key <> $known)
  INSERT INTO attempts (key, failures, blocked_until, expires_at) VALUES ($known, 0, 0, $now + ${knownSeconds})
  ON CONFLICT (key) DO UPDATE SET failures = 0, blocked_until = 0, expires_at = excluded.expires_at`,
)
const deleteEnded = statement(
  'delete ended attempts',
  `DELETE FROM attempts WHERE key IN (
    SELECT key FROM attempts WHERE expires_at <= $now ORDER BY expires_at LIMIT $limit::bigint FOR UPDATE SKIP LOCKED)
  RETURNING key`,
)

export function createPostgresAttempts({ ask }: PostgresDatabase): AttemptStore {
  return {
    async reserve(account, known, free) {
      const [booked] = await ask(book, { account, known, free })
      if (booked) return { allowed: true, key: booked['key'] as string }
      const [refused] = await ask(wait, { account, known })
      return { allowed: false, waitSeconds: Math.max(1, Number(refused?.['seconds'] ?? 0)) }
    },
    release: async key => void (await ask(release, { key })),
    succeed: async (key, known) => void (await ask(succeed, { key, known })),
    deleteEnded: async limit => (await ask(deleteEnded, { limit })).length,
  }
}
