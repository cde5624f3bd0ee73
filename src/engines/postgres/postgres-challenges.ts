/** What is open for some minutes, in PostgreSQL. */
import type { ChallengeStore } from '../../stores/stores.ts'
import { toChallenge } from '../rows.ts'
import { among, type PostgresDatabase, statement } from './postgres-database.ts'

const open = statement(
  'open challenge',
  `INSERT INTO challenges (challenge_id, kind, user_id, credentials_version, tries, data, expires_at)
  VALUES ($challengeId, $kind, $userId, $credentialsVersion::bigint, 0, $data, $now + $seconds::bigint)
  ON CONFLICT (challenge_id) DO UPDATE SET kind = excluded.kind, user_id = excluded.user_id,
    credentials_version = excluded.credentials_version, tries = 0, wrong_codes = NULL, data = excluded.data,
    expires_at = excluded.expires_at`,
)
const columns = 'challenge_id, kind, user_id, credentials_version, tries, wrong_codes, data'
const isOpen = 'challenge_id = $challengeId AND expires_at > $now'
const find = statement('find challenge', `SELECT ${columns} FROM challenges WHERE ${isOpen} AND kind = $kind`)
const countTry = statement(
  'count try',
  `UPDATE challenges SET tries = tries + 1 WHERE ${isOpen} AND tries < $most::bigint RETURNING challenge_id`,
)
const countWrongCode = statement(
  'count wrong code',
  'UPDATE challenges SET wrong_codes = coalesce(wrong_codes, 0) + 1 WHERE challenge_id = $challengeId',
)
const take = statement('take challenge', `DELETE FROM challenges WHERE ${isOpen} AND kind = $kind RETURNING ${columns}`)
const deleteEnded = statement(
  'delete ended challenges',
  `DELETE FROM challenges WHERE challenge_id ${among(`
    SELECT challenge_id FROM challenges WHERE expires_at <= $now ORDER BY expires_at LIMIT $limit::bigint
    FOR UPDATE SKIP LOCKED`)}
  RETURNING challenge_id`,
)

export function createPostgresChallenges({ ask }: PostgresDatabase): ChallengeStore {
  return {
    open: async ({ challengeId, kind, userId, credentialsVersion, data }, seconds) =>
      void (await ask(open, { challengeId, kind, userId, credentialsVersion, data, seconds })),
    find: async (challengeId, kind) => (await ask(find, { challengeId, kind })).map(toChallenge)[0],
    countTry: async (challengeId, most) => (await ask(countTry, { challengeId, most })).length === 1,
    countWrongCode: async challengeId => void (await ask(countWrongCode, { challengeId })),
    take: async (challengeId, kind) => (await ask(take, { challengeId, kind })).map(toChallenge)[0],
    deleteEnded: async limit => (await ask(deleteEnded, { limit })).length,
  }
}
