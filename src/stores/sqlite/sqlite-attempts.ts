/** Failed attempts in SQLite. */
import type { Clock } from '../../clock.ts'
import type { AttemptStore, Reservation } from '../stores.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

const day = 86_400
const knownSeconds = 30 * day

/** `waitAfter(failures + 1, free)` of src/limits/login-limit.ts, to which the contract suite holds it. */
const waitOfNext = (failures: string) =>
  `CASE WHEN ${failures} + 1 < $free THEN 0 ELSE min(900, 1 << min(${failures} + 1 - $free, 10)) END`

export function createSqliteAttempts({ raw, write }: SqliteDatabase, clock: Clock): AttemptStore {
  const bookKnown = raw.prepare(`
    UPDATE attempts SET failures = failures + 1, blocked_until = $now + ${waitOfNext('failures')}
    WHERE key = $key AND blocked_until <= $now AND expires_at > $now
    RETURNING failures`)
  const bookAccount = raw.prepare(`
    INSERT INTO attempts (key, failures, blocked_until, expires_at)
    VALUES ($key, 1, $now + ${waitOfNext('0')}, $now + ${day})
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN expires_at <= $now THEN 1 ELSE failures + 1 END,
      blocked_until = $now + CASE WHEN expires_at <= $now THEN ${waitOfNext('0')} ELSE ${waitOfNext('failures')} END,
      expires_at = excluded.expires_at
    WHERE blocked_until <= $now OR expires_at <= $now
    RETURNING failures`)
  const blockedUntil = raw.prepare('SELECT blocked_until FROM attempts WHERE key = $key AND expires_at > $now')
  const release = raw.prepare(`
    UPDATE attempts SET failures = max(failures - 1, 0), blocked_until = min(blocked_until, $now) WHERE key = $key`)
  const forget = raw.prepare('DELETE FROM attempts WHERE key = $key')
  const remember = raw.prepare(`
    INSERT INTO attempts (key, failures, blocked_until, expires_at) VALUES ($key, 0, 0, $now + ${knownSeconds})
    ON CONFLICT (key) DO UPDATE SET failures = 0, blocked_until = 0, expires_at = excluded.expires_at`)
  const deleteEnded = raw.prepare(`
    DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE expires_at <= $now LIMIT $limit)`)

  function reserveNow(account: string, known: string, free: number, now: number): Reservation {
    const isKnown = blockedUntil.get({ key: known, now }) !== undefined
    const key = isKnown ? known : account
    if ((isKnown ? bookKnown : bookAccount).get({ key, free, now })) return { allowed: true, key }
    const until = blockedUntil.get({ key, now })
    return { allowed: false, waitSeconds: Math.max(1, Number(until?.['blocked_until'] ?? now) - now) }
  }

  return {
    reserve: (account, known, free) => write(() => reserveNow(account, known, free, clock())),

    release: key => write(() => void release.run({ key, now: clock() })),

    succeed: (key, known) =>
      write(() => {
        if (key !== known) forget.run({ key })
        remember.run({ key: known, now: clock() })
      }),

    deleteEnded: limit => write(() => Number(deleteEnded.run({ now: clock(), limit }).changes)),
  }
}
