/** Bodies of the user endpoints. A user goes out with these members and no others, never with a hash. */
import { isoTime } from '../base/iso-time.ts'
import { type Static, Type } from '../base/schema.ts'
import type { User } from '../stores/stores.ts'
import { rolePattern } from '../users/account.ts'

const role = Type.String({ pattern: rolePattern, examples: ['user'] })
const email = Type.Union([Type.String({ maxLength: 254 }), Type.Null()])

export const UserItem = Type.Object(
  {
    user_id: Type.String(),
    username: Type.String(),
    email: Type.Union([Type.String(), Type.Null()]),
    role: Type.String(),
    disabled: Type.Boolean(),
    created_at: Type.String({ format: 'date-time' }),
  },
  { $id: 'User' },
)
export type UserItem = Static<typeof UserItem>
export const UserItemRef = Type.Unsafe<UserItem>({ $ref: 'User#' })

export const Registration = Type.Object(
  {
    username: Type.Optional(Type.String({ minLength: 1 })),
    password: Type.String({ minLength: 1 }),
    email: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
  },
  {
    additionalProperties: false,
    examples: [{ username: 'ana', password: 'a long sentence of yours', email: 'ana@example.com' }],
  },
)

export const NewUserBody = Type.Object(
  {
    username: Type.String({ minLength: 1 }),
    password: Type.String({ minLength: 1 }),
    role: Type.Optional(role),
    email: Type.Optional(email),
  },
  {
    additionalProperties: false,
    examples: [{ username: 'ana', password: 'a long sentence of yours', role: 'user', email: 'ana@example.com' }],
  },
)

export const UserChangesBody = Type.Object(
  {
    role: Type.Optional(role),
    email: Type.Optional(email),
    disabled: Type.Optional(Type.Boolean()),
    password: Type.Optional(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ role: 'user' }] },
)

export const PasswordChange = Type.Object(
  { current_password: Type.String({ minLength: 1 }), new_password: Type.String({ minLength: 1 }) },
  {
    additionalProperties: false,
    examples: [{ current_password: 'demo123', new_password: 'a long sentence of yours' }],
  },
)

export function userItem(user: User): UserItem {
  return {
    user_id: user.userId,
    username: user.username,
    email: user.email,
    role: user.role,
    disabled: user.disabled,
    created_at: isoTime(user.createdAt),
  }
}
