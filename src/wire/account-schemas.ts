/** One's own account on the wire: the user as stored, with what nobody else is told. */
import { type Static, Type } from '../base/schema.ts'
import type { User } from '../stores/stores.ts'
import { Assertion } from './passkey-schemas.ts'
import { UserItem, userItem } from './user-schemas.ts'

export const AccountItem = Type.Object(
  {
    ...UserItem.properties,
    email_verified: Type.Boolean({ description: 'whether the address is known to be of this user' }),
    second_factors: Type.Array(Type.String(), { description: 'what a login asks for beside the password' }),
    pending_email: Type.Union([Type.String(), Type.Null()], {
      description: 'an address that is to become this one, once it has proved itself',
    }),
  },
  { title: 'Account' },
)

export const AccountChangesBody = Type.Object(
  {
    username: Type.Optional(Type.String({ minLength: 1 })),
    email: Type.Optional(Type.String({ minLength: 1, maxLength: 254 })),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ username: 'ana' }] },
)

export const ConfirmBody = Type.Object(
  {
    current_password: Type.Optional(Type.String({ minLength: 1 })),
    code: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'instead, of whoever has a second factor' }),
    ),
    passkey: Type.Optional(Assertion),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    examples: [{ current_password: 'demo123' }],
  },
)

export type ConfirmBody = Static<typeof ConfirmBody>

/** @param pendingEmail the address the user is changing to */
export function accountItem(user: User, pendingEmail: string | null): Static<typeof AccountItem> {
  return {
    ...userItem(user),
    email_verified: user.emailVerified,
    second_factors: [...user.secondFactors],
    pending_email: pendingEmail,
  }
}
