/**
 * Users as other systems write them down, turned into ours (docs/moving-in.md). Roles stay behind: what somebody may do
 * there says nothing about here.
 */
import { type FirebaseParameters, firebaseHash } from './firebase-parameters.ts'
import type { UserRecord } from './user-records.ts'

export const origins = [
  'auth0',
  'django',
  'firebase',
  'keratin',
  'keycloak',
  'laravel',
  'supabase',
  'wordpress',
] as const
export type Origin = (typeof origins)[number]

type Row = Readonly<Record<string, unknown>>

interface Mapping {
  /** What a user must have, though it may be empty: else everybody would come without a password, say. */
  readonly required: readonly string[]
  readonly toOurs: (row: Row, parameters?: FirebaseParameters) => Row
}

const mappings: Readonly<Record<Origin, Mapping>> = {
  auth0: {
    required: ['_id', 'email', 'passwordHash'],
    toOurs: row => ({
      user_id: `auth0|${rowOf(row['_id'])['$oid']}`,
      username: row['username'] || row['email'],
      email: row['email'],
      password_hash: row['passwordHash'],
    }),
  },
  django: {
    required: ['pk', 'fields'],
    toOurs: ({ pk, fields }) => {
      const { username, email, password, is_active: isActive } = rowOf(fields)
      const isUsable = typeof password === 'string' && !password.startsWith('!')
      return { user_id: pk, username, email, password_hash: isUsable ? password : null, disabled: isActive === false }
    },
  },
  firebase: {
    required: ['localId'],
    toOurs: ({ localId, email, passwordHash, salt, disabled }, parameters) => ({
      user_id: localId,
      username: email,
      email,
      password_hash: parameters && passwordHash ? firebaseHash(parameters, String(salt), String(passwordHash)) : null,
      disabled,
    }),
  },
  keratin: {
    required: ['id', 'username', 'password', 'locked'],
    toOurs: ({ id, username, password, locked }) => ({
      user_id: id,
      username,
      email: String(username).includes('@') ? username : null,
      password_hash: password,
      disabled: locked,
    }),
  },
  keycloak: {
    required: ['id', 'username'],
    toOurs: ({ id, username, email, enabled, credentials }) => {
      const all: unknown[] = Array.isArray(credentials) ? credentials : []
      const password = all.map(rowOf).find(({ type }) => type === 'password')
      return {
        user_id: id,
        username,
        email,
        password_hash: password ? JSON.stringify(password) : null,
        disabled: enabled === false,
      }
    },
  },
  laravel: {
    required: ['id', 'email', 'password'],
    toOurs: ({ id, email, password }) => ({ user_id: id, username: email, email, password_hash: password }),
  },
  supabase: {
    required: ['id', 'email', 'encrypted_password'],
    toOurs: ({ id, email, encrypted_password: hash, banned_until: bannedUntil }) => ({
      user_id: id,
      username: email,
      email,
      password_hash: hash,
      disabled: Boolean(bannedUntil),
    }),
  },
  wordpress: {
    required: ['ID', 'user_login', 'user_email', 'user_pass'],
    toOurs: row => ({
      user_id: row['ID'],
      username: row['user_login'],
      email: row['user_email'],
      password_hash: row['user_pass'],
    }),
  },
}

/** @param parameters of Firebase's hashes */
export async function* mapRecords(
  records: AsyncIterable<UserRecord>,
  origin: Origin,
  parameters?: FirebaseParameters,
): AsyncGenerator<UserRecord, void> {
  const { required, toOurs } = mappings[origin]
  const map = (value: unknown): UserRecord['read'] => {
    const row = rowOf(value)
    const missing = required.find(name => !(name in row))
    if (missing) return { mistake: `has no ${missing}, as a user of ${origin} has` }
    const ours = Object.entries(toOurs(row, parameters)).filter(([, one]) => one !== '' && one != null)
    return { value: Object.fromEntries(ours) }
  }
  for await (const record of records) {
    yield 'value' in record.read ? { ...record, read: map(record.read.value) } : record
  }
}

/** Leaves the passwords behind: these users need new ones. */
export async function* withoutPasswords(records: AsyncIterable<UserRecord>): AsyncGenerator<UserRecord, void> {
  for await (const record of records) {
    if (!('value' in record.read)) yield record
    else {
      const { password: _, password_hash: __, ...rest } = rowOf(record.read.value)
      yield { ...record, read: { value: rest } }
    }
  }
}

function rowOf(value: unknown): Row {
  return typeof value === 'object' && value !== null ? (value as Row) : {}
}
