/** Second factors in SQLite. */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../base/clock.ts'
import type { FactorChange, FactorKind, FactorStore, NewFactor, Telling } from '../../stores/stores.ts'
import { kindsText, parted, type Row, toFactor } from '../rows.ts'
import { sessionEnder } from './end-sessions.ts'
import { createMailEffects } from './mail-effects.ts'
import { toUser } from './rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

export function createSqliteFactors({ raw, read, write, transaction }: SqliteDatabase, clock: Clock): FactorStore {
  const list = raw.prepare('SELECT * FROM factors WHERE user_id = ? ORDER BY created_at, factor_id')
  const find = raw.prepare('SELECT * FROM factors WHERE factor_id = ?')
  const use = raw.prepare('UPDATE factors SET data = $data, last_used_at = $now WHERE factor_id = $factorId')
  const insert = raw.prepare(`
    INSERT INTO factors (factor_id, user_id, kind, name, created_at, last_step, data)
    VALUES ($factorId, $userId, $kind, $name, $now, $lastStep, $data)`)
  const remove = raw.prepare('DELETE FROM factors WHERE factor_id = ?')
  const user = raw.prepare('SELECT * FROM users WHERE user_id = ?')
  const changeUser = raw.prepare(`
    UPDATE users SET credentials_version = credentials_version + 1, second_factors = $kinds WHERE user_id = $userId
    RETURNING *`)
  const takeChallenge = raw.prepare(`
    DELETE FROM challenges WHERE challenge_id = $challengeId AND user_id = $userId AND expires_at > $now
    RETURNING credentials_version`)
  const useStep = raw.prepare(`
    UPDATE factors SET last_step = $step, last_used_at = $now WHERE factor_id = $factorId AND last_step < $step`)
  const insertCode = raw.prepare('INSERT INTO recovery_codes (code, user_id) VALUES ($code, $userId)')
  const removeCodes = raw.prepare('DELETE FROM recovery_codes WHERE user_id = ?')
  const spendCode = raw.prepare('DELETE FROM recovery_codes WHERE code = $code AND user_id = $userId')
  const countCodes = raw.prepare('SELECT count(*) AS count FROM recovery_codes WHERE user_id = ?')
  const owners = raw.prepare(
    'SELECT DISTINCT user_id FROM factors WHERE user_id > $after ORDER BY user_id LIMIT $limit',
  )
  const end = sessionEnder(raw, clock)
  const effects = createMailEffects(raw, clock)

  const count = (userId: string) => Number(countCodes.get(userId)?.['count'])

  /** As the challenge of an enrolment, which is closed, says; -1 without one. */
  function versionOf(whose: { challengeId: string; userId: string }): unknown {
    return takeChallenge.get({ ...whose, now: clock() })?.['credentials_version'] ?? -1
  }

  function replaceCodes(userId: string, codes: readonly string[]): void {
    removeCodes.run(userId)
    for (const code of codes) insertCode.run({ code, userId })
  }

  function changed(userId: string, kinds: readonly FactorKind[], keep: string | null, telling: Telling): FactorChange {
    effects.apply(userId, telling)
    const row = changeUser.get({ userId, kinds: kindsText(kinds) }) as Row
    return { user: toUser(row), ended: end(userId, 'factors_changed', keep) }
  }

  return {
    list: userId => read(() => list.all(userId).map(toFactor)),

    find: factorId =>
      read(() => {
        const row = find.get(factorId)
        return row && toFactor(row)
      }),

    add: (factor: NewFactor, { keep, isOnly, codes, mails = [], ...how }) =>
      transaction(() => {
        const { userId, kind } = factor
        const version = 'ifVersion' in how ? how.ifVersion : versionOf({ challengeId: how.challengeId, userId })
        const row = user.get(userId)
        if (!row || version !== row['credentials_version'] || find.get(factor.factorId)) return undefined
        const { gone, left } = parted(list.all(userId).map(toFactor), isOnly ? { kind } : { factorId: '' })
        for (const { factorId } of gone) remove.run(factorId)
        insert.run({ ...factor, now: clock() })
        if (codes) replaceCodes(userId, codes)
        return changed(userId, [...left, kind], keep, { mails })
      }),

    remove: (userId, which, { keep, allow, ...telling } = {}) =>
      transaction(() => {
        const row = user.get(userId)
        const { gone, left } = parted(list.all(userId).map(toFactor), which)
        if (!row || gone.length === 0) return undefined
        allow?.(toUser(row), left)
        for (const { factorId } of gone) remove.run(factorId)
        if (left.length === 0) removeCodes.run(userId)
        return changed(userId, left, keep ?? null, telling)
      }),

    use: (factorId, data) => write(() => use.run({ factorId, data, now: clock() }).changes === 1),

    useStep: (factorId, step) => write(() => useStep.run({ factorId, step, now: clock() }).changes === 1),

    replaceCodes: (userId, codes, telling = {}) =>
      transaction(() => {
        if (list.get(userId) === undefined) return false
        replaceCodes(userId, codes)
        effects.apply(userId, telling)
        return true
      }),

    spendCode: (userId, code) =>
      transaction(() => (spendCode.run({ code, userId }).changes === 1 ? count(userId) : undefined)),

    countCodes: userId => read(() => count(userId)),

    listOwners: (after, limit) => read(() => owners.all({ after, limit }).map(row => String(row['user_id']))),
  }
}

/** @returns removes the factors since a moment and all recovery codes, within the transaction of a change of the user */
export function factorDropper(raw: DatabaseSync): (userId: string, since: number) => void {
  const drop = raw.prepare('DELETE FROM factors WHERE user_id = $userId AND created_at >= $since')
  const dropCodes = raw.prepare('DELETE FROM recovery_codes WHERE user_id = ?')
  const left = raw.prepare('SELECT kind FROM factors WHERE user_id = ?')
  const note = raw.prepare('UPDATE users SET second_factors = $kinds WHERE user_id = $userId')
  return (userId, since) => {
    drop.run({ userId, since })
    dropCodes.run(userId)
    const kinds = left.all(userId).map(row => row['kind'] as FactorKind)
    note.run({ userId, kinds: kindsText(kinds) })
  }
}

/** @returns removes what a deleted user had, within the transaction of the deletion */
export function factorRemover(raw: DatabaseSync): (userId: string) => void {
  const factors = raw.prepare('DELETE FROM factors WHERE user_id = ?')
  const codes = raw.prepare('DELETE FROM recovery_codes WHERE user_id = ?')
  return userId => {
    factors.run(userId)
    codes.run(userId)
  }
}
