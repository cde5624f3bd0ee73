/**
 * Second factors in PostgreSQL. A change locks the user's row first, as a login does before it begins a session, so that of
 * two changes at once the second one sees what the first one left.
 */
import type { FactorChange, FactorKind, FactorStore, Telling, User } from '../../stores/stores.ts'
import { kindsText, parted, toFactor } from '../rows.ts'
import { end } from './end-sessions.ts'
import { applyEffects } from './mail-effects.ts'
import { type Ask, type PostgresDatabase, statement } from './postgres-database.ts'
import { toUser, userColumns } from './rows.ts'

const lock = statement(
  'lock user for factors',
  `SELECT ${userColumns} FROM users WHERE user_id = $userId FOR NO KEY UPDATE`,
)
const columns = 'factor_id, user_id, kind, name, created_at, last_used_at, last_step, data'
const list = statement(
  'list factors',
  `SELECT ${columns} FROM factors WHERE user_id = $userId ORDER BY created_at, factor_id`,
)
const find = statement('find factor', `SELECT ${columns} FROM factors WHERE factor_id = $factorId`)
const use = statement(
  'use factor',
  'UPDATE factors SET data = $data, last_used_at = $now WHERE factor_id = $factorId RETURNING factor_id',
)
const insert = statement(
  'insert factor',
  `INSERT INTO factors (factor_id, user_id, kind, name, created_at, last_step, data)
  VALUES ($factorId, $userId, $kind, $name, $now, $lastStep::bigint, $data)`,
)
const remove = statement('remove factors', 'DELETE FROM factors WHERE factor_id = ANY ($factorIds::text[])')
const changeUser = statement(
  'change factors of user',
  `UPDATE users SET credentials_version = credentials_version + 1, second_factors = $kinds WHERE user_id = $userId
  RETURNING ${userColumns}`,
)
const takeChallenge = statement(
  'take challenge of enrolment',
  `DELETE FROM challenges WHERE challenge_id = $challengeId AND user_id = $userId AND expires_at > $now
  RETURNING credentials_version`,
)
const useStep = statement(
  'use step',
  `UPDATE factors SET last_step = $step::bigint, last_used_at = $now
  WHERE factor_id = $factorId AND last_step < $step::bigint RETURNING factor_id`,
)
const insertCodes = statement(
  'insert recovery codes',
  'INSERT INTO recovery_codes (code, user_id) SELECT code, $userId FROM unnest($codes::text[]) AS given (code)',
)
const removeCodes = statement('remove recovery codes', 'DELETE FROM recovery_codes WHERE user_id = $userId')
const spendCode = statement(
  'spend recovery code',
  'DELETE FROM recovery_codes WHERE code = $code AND user_id = $userId RETURNING code',
)
const countCodes = statement(
  'count recovery codes',
  'SELECT count(*) AS count FROM recovery_codes WHERE user_id = $userId',
)
const owners = statement(
  'list owners of factors',
  'SELECT DISTINCT user_id FROM factors WHERE user_id > $after ORDER BY user_id LIMIT $limit::bigint',
)
const removeFactors = statement('remove factors of user', 'DELETE FROM factors WHERE user_id = $userId')

export function createPostgresFactors({ ask, transaction }: PostgresDatabase): FactorStore {
  return {
    list: async userId => (await ask(list, { userId })).map(toFactor),

    find: async factorId => (await ask(find, { factorId })).map(toFactor)[0],

    add: ({ factorId, userId, kind, name, lastStep, data }, { keep, isOnly, codes, mails = [], ...how }) =>
      transaction(async ask => {
        const user = await lockUser(ask, userId)
        const version = 'ifVersion' in how ? how.ifVersion : await versionOf(ask, how.challengeId, userId)
        if (!user || version !== user.credentialsVersion) return undefined
        if ((await ask(find, { factorId })).length > 0) return undefined
        const factors = (await ask(list, { userId })).map(toFactor)
        const { gone, left } = parted(factors, isOnly ? { kind } : { factorId: '' })
        await ask(remove, { factorIds: gone.map(({ factorId }) => factorId) })
        await ask(insert, { factorId, userId, kind, name, lastStep, data })
        if (codes) await replaceCodes(ask, userId, codes)
        return changed(ask, userId, [...left, kind], keep, { mails })
      }),

    remove: (userId, which, { keep, allow, ...telling } = {}) =>
      transaction(async ask => {
        const user = await lockUser(ask, userId)
        const { gone, left } = parted((await ask(list, { userId })).map(toFactor), which)
        if (!user || gone.length === 0) return undefined
        allow?.(user, left)
        await ask(remove, { factorIds: gone.map(({ factorId }) => factorId) })
        if (left.length === 0) await ask(removeCodes, { userId })
        return changed(ask, userId, left, keep ?? null, telling)
      }),

    use: async (factorId, data) => (await ask(use, { factorId, data })).length === 1,

    useStep: async (factorId, step) => (await ask(useStep, { factorId, step })).length === 1,

    replaceCodes: (userId, codes, telling = {}) =>
      transaction(async ask => {
        await lockUser(ask, userId)
        if ((await ask(list, { userId })).length === 0) return false
        await replaceCodes(ask, userId, codes)
        await applyEffects(ask, userId, telling)
        return true
      }),

    spendCode: (userId, code) =>
      transaction(async ask =>
        (await ask(spendCode, { code, userId })).length === 1 ? count(ask, userId) : undefined,
      ),

    countCodes: userId => count(ask, userId),

    listOwners: async (after, limit) => (await ask(owners, { after, limit })).map(row => String(row['user_id'])),
  }
}

/** What a deleted user had, within the transaction of the deletion. */
const dropFactors = statement(
  'drop factors since',
  'DELETE FROM factors WHERE user_id = $userId AND created_at >= $since::bigint',
)
const noteKinds = statement(
  'note kinds of factors',
  `UPDATE users SET second_factors = (
    SELECT string_agg(DISTINCT kind, ' ' ORDER BY kind) FROM factors WHERE factors.user_id = $userId)
  WHERE user_id = $userId`,
)

/** Removes the factors since a moment and all recovery codes, within the transaction of a change of the user. */
export async function dropFactorsSince(ask: Ask, userId: string, since: number): Promise<void> {
  await ask(dropFactors, { userId, since })
  await ask(removeCodes, { userId })
  await ask(noteKinds, { userId })
}

export async function removeFactorsOf(ask: Ask, userId: string): Promise<void> {
  await ask(removeFactors, { userId })
  await ask(removeCodes, { userId })
}

/** As the challenge of an enrolment, which is closed, says; undefined without one. */
async function versionOf(ask: Ask, challengeId: string, userId: string): Promise<unknown> {
  return (await ask(takeChallenge, { challengeId, userId }))[0]?.['credentials_version']
}

async function lockUser(ask: Ask, userId: string): Promise<User | undefined> {
  return (await ask(lock, { userId })).map(toUser)[0]
}

async function replaceCodes(ask: Ask, userId: string, codes: readonly string[]): Promise<void> {
  await ask(removeCodes, { userId })
  await ask(insertCodes, { userId, codes })
}

async function count(ask: Ask, userId: string): Promise<number> {
  return Number((await ask(countCodes, { userId }))[0]?.['count'])
}

async function changed(
  ask: Ask,
  userId: string,
  left: readonly FactorKind[],
  keep: string | null,
  telling: Telling,
): Promise<FactorChange> {
  await applyEffects(ask, userId, telling)
  const [row] = await ask(changeUser, { userId, kinds: kindsText(left) })
  return { user: toUser(row ?? {}), ended: await end(ask, userId, 'factors_changed', keep) }
}
