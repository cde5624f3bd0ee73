/** Failed attempts in SQLite. */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../base/clock.ts'
import type { AttemptStore, Reservation, Success } from '../../stores/stores.ts'
import { toUser } from './rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

const day = 86_400
const knownSeconds = 30 * day

/** `waitAfter(failures, free)` of src/login/login-limit.ts, to which the contract suite holds it. */
const waitOf = (failures: string) =>
  `CASE WHEN ${failures} < $free THEN 0 ELSE min(900, 1 << min(${failures} - $free, 10)) END`

/** What reaches further into the future than its own length is over as well: a clock was ahead, and has been corrected. */
const waitIsOver = `(blocked_until <= $now OR blocked_until > $now + ${waitOf('failures')})`
const dayIsOver = `(expires_at <= $now OR expires_at > $now + ${day})`

/** Notes a success, within whichever act. */
export function successNoter(raw: DatabaseSync) {
  const forget = raw.prepare('DELETE FROM attempts WHERE key = $key AND key <> $known')
  const remember = raw.prepare(`
    INSERT INTO attempts (key, failures, blocked_until, expires_at, user_id)
    VALUES ($known, 0, 0, $now + ${knownSeconds}, $userId)
    ON CONFLICT (key) DO UPDATE SET
      failures = 0, blocked_until = 0, expires_at = excluded.expires_at, user_id = excluded.user_id`)
  return ({ key, known }: Success, userId: string | null, now: number): void => {
    forget.run({ key, known })
    remember.run({ known, now, userId })
  }
}

export function createSqliteAttempts({ raw, write }: SqliteDatabase, clock: Clock): AttemptStore {
  const userOf = raw.prepare('SELECT * FROM users WHERE username = ?')
  const note = successNoter(raw)
  const bookKnown = raw.prepare(`
    UPDATE attempts SET failures = failures + 1, blocked_until = $now + ${waitOf('failures + 1')},
      user_id = coalesce($userId, user_id)
    WHERE key = $key AND ${waitIsOver} AND expires_at > $now
    RETURNING failures`)
  const bookOther = raw.prepare(`
    INSERT INTO attempts (key, failures, blocked_until, expires_at, user_id)
    VALUES ($key, 1, $now + ${waitOf('1')}, $now + ${day}, $userId)
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN ${dayIsOver} THEN 1 ELSE failures + 1 END,
      blocked_until = $now + CASE WHEN ${dayIsOver} THEN ${waitOf('1')} ELSE ${waitOf('failures + 1')} END,
      expires_at = excluded.expires_at, user_id = coalesce(excluded.user_id, user_id)
    WHERE ${waitIsOver} OR ${dayIsOver}
    RETURNING failures`)
  const blockedUntil = raw.prepare('SELECT blocked_until FROM attempts WHERE key = $key AND expires_at > $now')
  const release = raw.prepare(`
    UPDATE attempts SET failures = max(failures - $count, 0), blocked_until = min(blocked_until, $now) WHERE key = $key`)
  const renew = raw.prepare(`UPDATE attempts SET expires_at = $now + ${day} WHERE key = $key`)
  const forgetUntried = raw.prepare('DELETE FROM attempts WHERE key = $key AND failures <= $count')
  const lift = raw.prepare(`
    UPDATE attempts SET failures = 0, blocked_until = 0
    WHERE user_id = $userId AND key <> $except AND (failures > 0 OR blocked_until > 0)`)
  const deleteEnded = raw.prepare(`
    DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE expires_at <= $now LIMIT $limit)`)

  function reserveNow(bucket: string, known: string | null, free: number, userId: string | null): Reservation {
    const now = clock()
    const isKnown = known !== null && blockedUntil.get({ key: known, now }) !== undefined
    const key = isKnown ? known : bucket
    const booked = (isKnown ? bookKnown : bookOther).get({ key, free, now, userId })
    if (booked) return { allowed: true, key, failures: Number(booked['failures']) }
    const until = blockedUntil.get({ key, now })
    return { allowed: false, waitSeconds: Math.max(1, Number(until?.['blocked_until'] ?? now) - now) }
  }

  return {
    reserve: (bucket, known, free, userId) => write(() => reserveNow(bucket, known, free, userId ?? null)),

    reserveFor: (username, { bucket, known, device }, free) =>
      write(() => {
        const row = userOf.get(username)
        const user = row && toUser(row)
        const userId = user?.userId ?? null
        const isDevice = device !== undefined && device.userId === userId
        const reservation = isDevice
          ? reserveNow(device.bucket, null, free, userId)
          : reserveNow(bucket, known, free, userId)
        return { user, reservation }
      }),

    release: (key, known, count = 1) =>
      write(() => {
        if (key !== known && forgetUntried.run({ key, count }).changes > 0) return
        release.run({ key, count, now: clock() })
      }),

    renew: key => write(() => void renew.run({ key, now: clock() })),

    succeed: (key, known, userId) => write(() => note({ key, known }, userId ?? null, clock())),

    lift: (userId, except = '') => write(() => void lift.run({ userId, except })),

    deleteEnded: limit => write(() => Number(deleteEnded.run({ now: clock(), limit }).changes)),
  }
}
