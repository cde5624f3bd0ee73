/** What a copy moves between engines, which name these columns alike. The first of a table is its primary key. */
import type { TransferTable } from '../stores/stores.ts'

export const transferColumns: Readonly<Record<TransferTable, readonly [string, ...string[]]>> = {
  signing_keys: ['kid', 'alg', 'state', 'public_jwk', 'private_key', 'since', 'changes_at'],
  users: [
    'user_id',
    'username',
    'email',
    'role',
    'password_hash',
    'foreign_hash',
    'disabled',
    'credentials_version',
    'created_at',
    'sessions_begun',
    'unproven_email',
    'second_factors',
  ],
  factors: ['factor_id', 'user_id', 'kind', 'name', 'created_at', 'last_used_at', 'last_step', 'data'],
  recovery_codes: ['code', 'user_id'],
  sessions: [
    'sid',
    'user_id',
    'created_at',
    'generation',
    'rotated_at',
    'retried_at',
    'retries',
    'retries_since',
    'expires_at',
    'max_expires_at',
    'revoked_at',
    'revoke_reason',
    'ip',
    'user_agent',
    'number',
    'auth_time',
    'amr',
  ],
  attempts: ['key', 'failures', 'blocked_until', 'expires_at', 'user_id'],
  mails: [
    'id',
    'purpose',
    'user_id',
    'address',
    'language',
    'created_at',
    'expires_at',
    'tries',
    'sent_at',
    'name_key',
    'username',
    'password_hash',
  ],
}

/** Columns that stay empty in a copy: no mail is due or to be tried again, so that none is sent from both databases. */
export const emptyColumns: Readonly<Partial<Record<TransferTable, readonly string[]>>> = {
  mails: ['due_at', 'failure', 'typed'],
}

/** Columns that a copy begins anew, and from which one that it moves. */
export const derivedColumns: Readonly<Partial<Record<TransferTable, Readonly<Record<string, string>>>>> = {
  sessions: { due_at: 'expires_at' }, // when to look whether the session has ended
}

export const transferTables = Object.keys(transferColumns) as TransferTable[]

/** For each table what `make` makes of its name, its columns, and those of an INSERT with where their values come from. */
export function forEachTable<T>(
  make: (
    table: TransferTable,
    columns: readonly [string, ...string[]],
    into: readonly (readonly [string, string])[],
  ) => T,
): Record<TransferTable, T> {
  const entries = transferTables.map(table => {
    const columns = transferColumns[table]
    const into = [...columns.map(name => [name, name] as const), ...Object.entries(derivedColumns[table] ?? {})]
    return [table, make(table, columns, into)]
  })
  return Object.fromEntries(entries) as Record<TransferTable, T>
}
