/** What is open for some minutes, in SQLite. */
import type { Clock } from '../../base/clock.ts'
import type { ChallengeStore } from '../../stores/stores.ts'
import { toChallenge } from '../rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

export function createSqliteChallenges({ raw, read, write }: SqliteDatabase, clock: Clock): ChallengeStore {
  const open = raw.prepare(`
    INSERT OR REPLACE INTO challenges (challenge_id, kind, user_id, credentials_version, tries, data, expires_at)
    VALUES ($challengeId, $kind, $userId, $credentialsVersion, 0, $data, $now + $seconds)`)
  const isOpen = 'challenge_id = $challengeId AND expires_at > $now'
  const find = raw.prepare(`SELECT * FROM challenges WHERE ${isOpen} AND kind = $kind`)
  const countTry = raw.prepare(`UPDATE challenges SET tries = tries + 1 WHERE ${isOpen} AND tries < $most`)
  const countWrongCode = raw.prepare(`
    UPDATE challenges SET wrong_codes = coalesce(wrong_codes, 0) + 1 WHERE challenge_id = ?`)
  const take = raw.prepare(`DELETE FROM challenges WHERE ${isOpen} AND kind = $kind RETURNING *`)
  const deleteEnded = raw.prepare(`
    DELETE FROM challenges WHERE challenge_id IN (
      SELECT challenge_id FROM challenges WHERE expires_at <= $now ORDER BY expires_at LIMIT $limit)`)
  const orNone = (row: Record<string, unknown> | undefined) => row && toChallenge(row)

  return {
    open: (challenge, seconds) => write(() => void open.run({ ...challenge, seconds, now: clock() })),
    find: (challengeId, kind) => read(() => orNone(find.get({ challengeId, kind, now: clock() }))),
    countTry: (challengeId, most) => write(() => countTry.run({ challengeId, most, now: clock() }).changes === 1),
    countWrongCode: challengeId => write(() => void countWrongCode.run(challengeId)),
    take: (challengeId, kind) => write(() => orNone(take.get({ challengeId, kind, now: clock() }))),
    deleteEnded: limit => write(() => Number(deleteEnded.run({ now: clock(), limit }).changes)),
  }
}
