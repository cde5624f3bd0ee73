/** Users as text: NDJSON, one object a line. */
import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { normalizePassword, unhashable } from '../passwords/password-policy.ts'
import { canonicalEmail, canonicalUsername } from './user.ts'

export const ImportedUser = Type.Object(
  {
    user_id: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{1,128}$' })),
    username: Type.String(),
    password: Type.Optional(Type.String({ minLength: 1 })),
    password_hash: Type.Optional(Type.String({ pattern: '^\\$2[aby]\\$(0[4-9]|1[0-5])\\$[./A-Za-z0-9]{53}$' })),
    role: Type.Optional(Type.String({ pattern: '^[a-z0-9._-]{1,64}$' })),
    email: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  },
  { additionalProperties: false },
)

export type ImportedUser = Static<typeof ImportedUser>

const schema = TypeCompiler.Compile(ImportedUser)

/**
 * Reads NDJSON, empty lines aside, with canonical names.
 * @param source what to call the text in a message
 * @throws {Error} naming the first line that is wrong, without its content
 */
export function parseUsers(text: string, source: string): ImportedUser[] {
  const users: ImportedUser[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const { user, mistake } = parseUser(line)
    if (!user) throw new Error(`${source}, line ${index + 1}: ${mistake}`)
    users.push(user)
  }
  return users
}

function parseUser(line: string): { user?: ImportedUser; mistake?: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { mistake: 'is not JSON' }
  }
  const first = schema.Errors(value).First()
  if (first || !schema.Check(value)) return { mistake: `${first?.path || 'the line'} is not valid` }

  const username = canonicalUsername(value.username)
  if (!username) return { mistake: '/username must be 1 to 64 of a-z, 0-9, dot, underscore and hyphen' }
  const email = value.email == null ? null : canonicalEmail(value.email)
  if (email === undefined) return { mistake: '/email is not an e-mail address' }
  if (value.password !== undefined && value.password_hash !== undefined) {
    return { mistake: 'has both password and password_hash' }
  }
  const reason = value.password === undefined ? undefined : unhashable(normalizePassword(value.password))
  if (reason) return { mistake: `/password ${reason}` }
  return { user: { ...value, username, email } }
}
