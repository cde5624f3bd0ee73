/** The key ring in PostgreSQL. */

import type { KeyStore, NewSigningKey } from '../../stores/stores.ts'
import { toSigningKey } from '../rows.ts'
import { type PostgresDatabase, statement } from './postgres-database.ts'

const list = statement(
  'list keys',
  `SELECT $now AS now, kid, alg, state, public_jwk, private_key, since, changes_at FROM (VALUES (1)) AS one
  LEFT JOIN signing_keys ON true ORDER BY since DESC, kid`,
)
// The unique index decides: another key in this state makes it no insertion.
const insert = statement(
  'insert key',
  `INSERT INTO signing_keys (kid, alg, state, public_jwk, private_key, since, changes_at)
  VALUES ($kid, $alg, $state, $publicJwk, $privateKey, $now,
    CASE WHEN $state = 'next' THEN $now + $wait::bigint END)
  ON CONFLICT DO NOTHING RETURNING kid`,
)
/**
 * Who adds or changes keys has the ring alone meanwhile: a lock on the keys would not keep another one from coming in. This
 * row is always there and nobody changes it; the lock ends with the transaction.
 */
const lockRing = statement('lock keys', `SELECT name FROM meta WHERE name = 'salt' FOR UPDATE`)
const due = statement(
  'due key',
  `SELECT alg FROM signing_keys WHERE kid = $kid AND state = 'next' AND changes_at <= $now`,
)
const retire = statement(
  'retire key',
  `UPDATE signing_keys SET state = 'retired', private_key = NULL, since = $now, changes_at = $now + $keep::bigint
  WHERE alg = $alg AND state = 'current'`,
)
const promote = statement(
  'promote key',
  `UPDATE signing_keys SET state = 'current', since = $now, changes_at = NULL WHERE kid = $kid`,
)
const deleteAll = statement('delete keys', 'DELETE FROM signing_keys WHERE alg = $alg')
const reencrypt = statement(
  're-encrypt key',
  'UPDATE signing_keys SET private_key = $to WHERE kid = $kid AND private_key = $from RETURNING kid',
)
const deleteEnded = statement(
  'delete ended keys',
  `DELETE FROM signing_keys WHERE state = 'retired' AND changes_at <= $now RETURNING kid`,
)
const dataKey = statement('data key', `SELECT value FROM meta WHERE name = 'data_key'`)
const insertDataKey = statement(
  'insert data key',
  `INSERT INTO meta (name, value) VALUES ('data_key', $to) ON CONFLICT DO NOTHING RETURNING name`,
)
const replaceDataKey = statement(
  'replace data key',
  `UPDATE meta SET value = $to WHERE name = 'data_key' AND value = $from
    AND (NOT $ifUnused::boolean OR NOT EXISTS (SELECT FROM factors)) RETURNING name`,
)

export function createPostgresKeys({ ask, transaction }: PostgresDatabase): KeyStore {
  const valuesOf = ({ kid, alg, publicJwk, privateKey }: NewSigningKey) => ({ kid, alg, publicJwk, privateKey })

  return {
    async list() {
      const rows = await ask(list)
      return { now: rows[0]?.['now'] as number, keys: rows.filter(row => row['kid'] !== null).map(toSigningKey) }
    },

    insert: (key, state, wait) =>
      transaction(async ask => {
        await ask(lockRing)
        return (await ask(insert, { ...valuesOf(key), state, wait })).length === 1
      }),

    activate: (kid, keep) =>
      transaction(async ask => {
        await ask(lockRing)
        const [key] = await ask(due, { kid })
        if (!key) return false
        await ask(retire, { alg: key['alg'] as string, keep })
        await ask(promote, { kid })
        return true
      }),

    replaceAll: key =>
      transaction(async ask => {
        await ask(lockRing)
        await ask(deleteAll, { alg: key.alg })
        await ask(insert, { ...valuesOf(key), state: 'current', wait: 0 })
      }),

    reencrypt: async (kid, from, to) => (await ask(reencrypt, { kid, from, to })).length === 1,

    deleteEnded: async () => (await ask(deleteEnded)).length,

    findDataKey: async () => (await ask(dataKey)).map(row => String(row['value']))[0],

    async replaceDataKey(from, to, ifUnused) {
      const given = { to: Buffer.from(to), from: Buffer.from(from ?? ''), ifUnused: ifUnused !== undefined }
      return (await ask(from === undefined ? insertDataKey : replaceDataKey, given)).length === 1
    },
  }
}
