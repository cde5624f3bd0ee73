/** Bodies of the endpoints of second factors. */
import { Type } from '../base/schema.ts'
import { Assertion } from './passkey-schemas.ts'
import { Credentials } from './token-schemas.ts'

const code = Type.String({ minLength: 1, maxLength: 64, description: 'of the authenticator app, or a recovery code' })

export const SecondStepBody = Type.Object(
  {
    challenge: Type.String({ minLength: 1, description: 'that of the 401 `second_factor_required`' }),
    code: Type.Optional(code),
    passkey: Type.Optional(Assertion),
    mode: Credentials.properties.mode,
  },
  { additionalProperties: false, examples: [{ challenge: 'paste the challenge here', code: '123456' }] },
)

export const CodeBody = Type.Object(
  { code: Type.String({ minLength: 1, maxLength: 64, description: 'of the authenticator app' }) },
  { additionalProperties: false, examples: [{ code: '123456' }] },
)

export const NewSecret = Type.Object({
  secret: Type.String({ description: 'in base32, to be typed into the app' }),
  uri: Type.String({ description: '`otpauth://…`, what the QR code says' }),
  qr: Type.String({ description: 'an SVG document, for an authenticator app to scan' }),
})

export const RecoveryCodes = Type.Object({
  recovery_codes: Type.Array(Type.String(), {
    description: 'each stands in for the second factor once; they are shown now and never again',
  }),
})
