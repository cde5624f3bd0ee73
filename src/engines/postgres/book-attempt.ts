/**
 * Booking attempts in PostgreSQL, and noting that one succeeded: each is one change of the table `attempts`, so that it fits
 * into the statement of a login that it belongs to.
 */
import type { AccountBuckets, Booking, Reservation } from '../../stores/stores.ts'
import type { Row } from '../rows.ts'
import { type PostgresDatabase, statement } from './postgres-database.ts'
import { toUser, userColumns } from './rows.ts'

const day = 86_400
const knownSeconds = 30 * day

/** `waitAfter(failures, free)` of src/login/login-limit.ts, to which the contract suite holds it. */
const waitOf = (failures: string) => `CASE WHEN ${failures} < $free::bigint THEN 0
      ELSE least(900, 1::bigint << least(${failures} - $free::bigint, 10)::integer) END`

/** What reaches further into the future than its own length is over as well: a clock was ahead, and has been corrected. */
const waitIsOver = `(attempts.blocked_until <= $now OR attempts.blocked_until > $now + ${waitOf('attempts.failures')})`
/** A bucket that something is known by has 30 days, which are those of its last success and not of this booking. */
const isKnown = `excluded.expires_at > $now + ${day}`
const dayIsOver = `(NOT ${isKnown} AND (attempts.expires_at <= $now OR attempts.expires_at > $now + ${day}))`

/**
 * Attempts at once queue up at the row, and each judges `blocked_until` as the one before left it (an ON CONFLICT DO UPDATE
 * judges its WHERE by the newest row).
 */
const booked = `chosen AS (
    SELECT coalesce(attempts.key, whose.bucket) AS key, attempts.key IS NOT NULL AS is_known, whose.user_id
    FROM whose LEFT JOIN attempts ON attempts.key = whose.known AND attempts.expires_at > $now
  ), booked AS (
    INSERT INTO attempts (key, failures, blocked_until, expires_at, user_id)
    SELECT key, 1, $now + ${waitOf('1')}, $now + CASE WHEN is_known THEN ${knownSeconds} ELSE ${day} END, user_id FROM chosen
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN ${dayIsOver} THEN 1 ELSE attempts.failures + 1 END,
      blocked_until = $now + CASE WHEN ${dayIsOver} THEN ${waitOf('1')} ELSE ${waitOf('attempts.failures + 1')} END,
      expires_at = CASE WHEN ${isKnown} THEN attempts.expires_at ELSE excluded.expires_at END,
      user_id = coalesce(excluded.user_id, attempts.user_id)
    WHERE ${waitIsOver} OR ${dayIsOver}
    RETURNING failures
  )`

const book = statement(
  'book attempt',
  `WITH whose AS (SELECT $userId::text AS user_id, $bucket::text AS bucket, $known::text AS known), ${booked}
  SELECT chosen.key, booked.failures FROM chosen LEFT JOIN booked ON true`,
)

const bookFor = statement(
  'find user and book attempt',
  `WITH found AS (
    SELECT ${userColumns} FROM users WHERE username = $username
  ), whose AS (
    SELECT "user" AS user_id,
      CASE WHEN "user" = $sub::text THEN $device::text ELSE $bucket::text END AS bucket,
      CASE WHEN "user" = $sub::text THEN NULL ELSE $known::text END AS known
    FROM (VALUES (1)) AS one LEFT JOIN found ON true
  ), ${booked}
  SELECT chosen.key, booked.failures, found.* FROM chosen LEFT JOIN booked ON true LEFT JOIN found ON true`,
)

const wait = statement(
  'wait of attempts',
  'SELECT blocked_until - $now AS seconds FROM attempts WHERE key = $key AND expires_at > $now',
)

/**
 * The bucket `$known` is opened or renewed, and the booked one `$key` is over, as one that is gone. Where `$known` is null
 * nothing happens.
 * @param whose names what else must be there, as ` FROM …` lists it
 */
export const noteSuccess = (whose = '') => `INSERT INTO attempts (key, failures, blocked_until, expires_at, user_id)
    SELECT noted.key, 0, 0, noted.expires_at, $userId
    FROM ${whose} (
      SELECT $known::text AS key, $now + ${knownSeconds} AS expires_at
      UNION ALL SELECT attempts.key, $now FROM attempts WHERE attempts.key = $key AND attempts.key <> $known
    ) AS noted
    WHERE noted.key IS NOT NULL ORDER BY noted.key
    ON CONFLICT (key) DO UPDATE SET
      failures = 0, blocked_until = 0, expires_at = excluded.expires_at, user_id = excluded.user_id`

const succeed = statement('attempt succeeded', noteSuccess())

export function attemptBooker({ ask }: PostgresDatabase) {
  async function told(row: Row): Promise<Reservation> {
    const key = row['key'] as string
    if (row['failures'] !== null) return { allowed: true, key, failures: row['failures'] as number }
    const [refused] = await ask(wait, { key })
    return { allowed: false, waitSeconds: Math.max(1, Number(refused?.['seconds'] ?? 0)) }
  }

  return {
    async reserve(bucket: string, known: string | null, free: number, userId?: string): Promise<Reservation> {
      const [row = {}] = await ask(book, { bucket, known, free, userId: userId ?? null })
      return told(row)
    },

    async reserveFor(username: string, { bucket, known, device }: AccountBuckets, free: number): Promise<Booking> {
      const shown = { sub: device?.userId ?? null, device: device?.bucket ?? null }
      const [row = {}] = await ask(bookFor, { username, bucket, known, ...shown, free })
      return { user: row['user'] === null ? undefined : toUser(row), reservation: await told(row) }
    },

    succeed: async (key: string, known: string, userId?: string) =>
      void (await ask(succeed, { key, known, userId: userId ?? null })),
  }
}
