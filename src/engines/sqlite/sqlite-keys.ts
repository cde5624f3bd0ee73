/** The key ring in SQLite. */
import type { Clock } from '../../base/clock.ts'
import type { KeyStore } from '../../stores/stores.ts'
import { toSigningKey } from '../rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

export function createSqliteKeys({ raw, read, write, transaction }: SqliteDatabase, clock: Clock): KeyStore {
  const list = raw.prepare('SELECT * FROM signing_keys ORDER BY since DESC, kid')
  // The unique index decides: another key in this state makes it no insertion.
  const insert = raw.prepare(`
    INSERT INTO signing_keys (kid, alg, state, public_jwk, private_key, since, changes_at)
    VALUES ($kid, $alg, $state, $publicJwk, $privateKey, $now, $changesAt)
    ON CONFLICT DO NOTHING`)
  const due = raw.prepare(`SELECT alg FROM signing_keys WHERE kid = $kid AND state = 'next' AND changes_at <= $now`)
  const retire = raw.prepare(`
    UPDATE signing_keys SET state = 'retired', private_key = NULL, since = $now, changes_at = $now + $keep
    WHERE alg = $alg AND state = 'current'`)
  const promote = raw.prepare(`
    UPDATE signing_keys SET state = 'current', since = $now, changes_at = NULL WHERE kid = $kid`)
  const deleteAll = raw.prepare('DELETE FROM signing_keys WHERE alg = ?')
  const reencrypt = raw.prepare('UPDATE signing_keys SET private_key = $to WHERE kid = $kid AND private_key = $from')
  const deleteEnded = raw.prepare(`DELETE FROM signing_keys WHERE state = 'retired' AND changes_at <= ?`)
  const dataKey = raw.prepare(`SELECT value FROM meta WHERE name = 'data_key'`)
  const insertDataKey = raw.prepare(`INSERT INTO meta (name, value) VALUES ('data_key', $to) ON CONFLICT DO NOTHING`)
  const replaceDataKey = raw.prepare(`
    UPDATE meta SET value = $to WHERE name = 'data_key' AND value = $from
      AND ($ifUnused = 0 OR NOT EXISTS (SELECT 1 FROM factors))`)

  return {
    list: () => read(() => ({ now: clock(), keys: list.all().map(toSigningKey) })),

    insert: (key, state, waitSeconds) =>
      write(() => {
        const now = clock()
        const changesAt = state === 'next' ? now + waitSeconds : null
        return insert.run({ ...key, state, now, changesAt }).changes === 1
      }),

    activate: (kid, keep) =>
      transaction(() => {
        const now = clock()
        const row = due.get({ kid, now })
        if (!row) return false
        retire.run({ alg: row['alg'] as string, now, keep })
        promote.run({ kid, now })
        return true
      }),

    replaceAll: key =>
      transaction(() => {
        deleteAll.run(key.alg)
        insert.run({ ...key, state: 'current', now: clock(), changesAt: null })
      }),

    reencrypt: (kid, from, to) => write(() => reencrypt.run({ kid, from, to }).changes === 1),

    deleteEnded: () => write(() => Number(deleteEnded.run(clock()).changes)),

    findDataKey: () =>
      read(() => {
        const value = dataKey.get()?.['value'] as Uint8Array | undefined
        return value && Buffer.from(value).toString()
      }),

    replaceDataKey: (from, to, ifUnused) =>
      write(() => {
        const value = { to: Buffer.from(to) }
        const isNew = from === undefined
        const replace = () =>
          replaceDataKey.run({ ...value, from: Buffer.from(from ?? ''), ifUnused: ifUnused ? 1 : 0 })
        return (isNew ? insertDataKey.run(value) : replace()).changes === 1
      }),
  }
}
