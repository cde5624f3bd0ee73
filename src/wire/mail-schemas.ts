/** Bodies of what happens by mail. */
import { Type } from '../base/schema.ts'
import { longestTyped } from '../names/folded.ts'

const closed = { additionalProperties: false }
const token = Type.String({ minLength: 1, maxLength: 128, description: 'what stands behind `#token=` in the link' })
const exampleToken = 'Zm9yIHRoZSBleGFtcGxlIQ.c2lnbmVkIHdpdGggYSBrZXkgdGhhdCBub2JvZHkgaGFz'

/** 202 without a body: what was asked for happens by mail. */
export function accepted(description: string) {
  return Type.Unsafe<undefined>(Type.Null({ description }))
}

export const ForgottenPassword = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: longestTyped, description: 'the name, or the e-mail address' }) },
  { ...closed, examples: [{ username: 'ana@example.com' }] },
)

export const PasswordReset = Type.Object(
  { token, new_password: Type.String({ minLength: 1 }) },
  { ...closed, examples: [{ token: exampleToken, new_password: 'a long sentence of yours' }] },
)

export const EmailProof = Type.Object(
  { token, password: Type.Optional(Type.String({ minLength: 1, description: 'of the account, to keep it' })) },
  { ...closed, examples: [{ token: exampleToken, password: 'a long sentence of yours' }] },
)
