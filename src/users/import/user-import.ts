/** A user as somebody else wrote it down, judged before it comes in. No mistake ever repeats what was written. */
import { checkOf, type Static, Type } from '../../base/schema.ts'
import { canonicalEmail } from '../../names/email.ts'
import { newUsername } from '../../names/username.ts'
import { readImportedHash } from '../../passwords/imported-hash.ts'
import type { PasswordHasher } from '../../passwords/password-hash.ts'
import { normalizePassword, type PasswordScheme, unhashable } from '../../passwords/password-policy.ts'
import type { NewUser } from '../../stores/stores.ts'
import { rolePattern } from '../account.ts'
import { newUserId } from '../user-id.ts'

export const ImportedUser = Type.Object(
  {
    user_id: Type.Optional(Type.String({ pattern: '^(?!\\.\\.?$)[\\x21-\\x7e]{1,128}$' })),
    username: Type.String(),
    password: Type.Optional(Type.String({ minLength: 1 })),
    password_hash: Type.Optional(Type.String()),
    role: Type.Optional(Type.String({ pattern: rolePattern })),
    email: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    disabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

export type ImportedUser = Static<typeof ImportedUser>

const isValid = checkOf<ImportedUser>(ImportedUser)

export type ReadUser = { readonly user: ImportedUser } | { readonly mistake: string }

/** Which hashes can be computed here: what cannot is refused now, by the number of its line, and not at a login. */
export type ReadableHashes = Pick<PasswordHasher, 'refusalOf'>

/** One line of NDJSON with canonical names, or what is wrong with it, without its content. */
export function readUserLine(line: string, scheme: PasswordScheme, hashes: ReadableHashes): ReadUser {
  try {
    return readUser(JSON.parse(line), scheme, hashes)
  } catch {
    return { mistake: 'is not JSON' }
  }
}

/** @param written what is `null` is not there, and a database's own way to write a flag or an id will do */
export function readUser(written: unknown, scheme: PasswordScheme, hashes: ReadableHashes): ReadUser {
  const value = tidied(written)
  if (!isValid(value)) return { mistake: mistakeAt(placeOf(isValid.errors?.[0])) }

  const email = value.email == null ? null : canonicalEmail(value.email)
  if (email === undefined) return { mistake: '/email is not an e-mail address' }
  const named = newUsername(value.username, email)
  if ('mistake' in named) return { mistake: `/username ${named.mistake}` }
  const password = readPassword(value, scheme, hashes)
  return 'mistake' in password ? password : { user: { ...value, ...password, ...named, email } }
}

function tidied(written: unknown): unknown {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return written
  const members = Object.entries(written).filter(([, value]) => value !== null)
  return Object.fromEntries(
    members.map(([name, value]) => {
      if (name === 'disabled') return [name, flag(value)]
      return [name, name === 'user_id' && Number.isSafeInteger(value) ? String(value) : value]
    }),
  )
}

/** PostgreSQL exports `t` and `f`, MySQL and SQLite 1 and 0. What is neither stays, and is refused by the schema. */
function flag(value: unknown): unknown {
  const text = String(value)
  if (/^(true|t|1)$/i.test(text)) return true
  return /^(false|f|0)$/i.test(text) ? false : value
}

/** What is missing, or one too many, is said of the whole. */
function placeOf(error: NonNullable<typeof isValid.errors>[number] | undefined): string {
  const { missingProperty, additionalProperty } = error?.params ?? {}
  const member = missingProperty ?? additionalProperty
  return member === undefined ? (error?.instancePath ?? '') : `/${member}`
}

/** A member's name is repeated only when it is one of ours: the others are content. */
function mistakeAt(path: string): string {
  if (path === '') return 'is not an object'
  return path.slice(1) in ImportedUser.properties ? `${path} is missing or not valid` : 'has a member that is not known'
}

/**
 * The user to insert, with an id of its own unless it brought one.
 * @param ownHash of a password in plain text; the hash that the user brought, if any, is another maker's
 */
export function newUserOf(user: ImportedUser, ownHash?: string): NewUser {
  const { user_id: userId = newUserId(), username, email = null, role = 'user', disabled = false } = user
  const passwordHash = ownHash ?? user.password_hash ?? null
  return {
    userId,
    username,
    email,
    role,
    passwordHash,
    foreignHash: passwordHash !== null && ownHash === undefined,
    disabled,
  }
}

/** The hash in the form in which it is stored, or that there is nothing wrong with the password. */
function readPassword(
  { password, password_hash: written }: ImportedUser,
  scheme: PasswordScheme,
  hashes: ReadableHashes,
): { readonly password_hash?: string } | { readonly mistake: string } {
  if (written !== undefined) {
    if (password !== undefined) return { mistake: 'has both /password and /password_hash' }
    const read = readImportedHash(written)
    const mistake = 'hash' in read ? hashes.refusalOf(read.hash) : read.mistake
    return 'hash' in read && !mistake ? { password_hash: read.hash } : { mistake: `/password_hash ${mistake}` }
  }
  const reason = password === undefined ? undefined : unhashable(normalizePassword(password), scheme)
  return reason ? { mistake: `/password ${reason}` } : {}
}
