/**
 * Passkeys on the wire: what `PublicKeyCredential.toJSON()` gives, and what `parseCreationOptionsFromJSON()` and
 * `parseRequestOptionsFromJSON()` take (WebAuthn level 3). Browsers add members as time goes by, so unknown ones of theirs pass.
 */
import { isoTime } from '../base/iso-time.ts'
import { type Static, Type } from '../base/schema.ts'
import type { AuthenticationResponseJSON, Passkey, RegistrationResponseJSON } from '../factors/passkeys.ts'
import { Credentials } from './token-schemas.ts'

const base64url = (description?: string) =>
  Type.String({ pattern: '^[A-Za-z0-9_-]*$', ...(description && { description }) })

const credential = { id: base64url(), rawId: base64url(), type: Type.Literal('public-key') }

const Registration = Type.Object(
  {
    ...credential,
    response: Type.Object({
      clientDataJSON: base64url(),
      attestationObject: base64url(),
      transports: Type.Optional(Type.Array(Type.String(), { maxItems: 20 })),
    }),
  },
  { description: 'what `navigator.credentials.create()` gave, `toJSON()`' },
)

export const Assertion = Type.Object(
  {
    ...credential,
    response: Type.Object({
      clientDataJSON: base64url(),
      authenticatorData: base64url(),
      signature: base64url(),
      userHandle: Type.Optional(Type.Union([base64url(), Type.Null()])),
    }),
  },
  { description: 'what `navigator.credentials.get()` gave, `toJSON()`' },
)

export const NewPasskeyBody = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 64, description: 'for its owner' }), response: Registration },
  { additionalProperties: false },
)

export const PasskeyLoginBody = Type.Object(
  { response: Assertion, mode: Credentials.properties.mode },
  { additionalProperties: false },
)

export const CreationOptions = Type.Object(
  { challenge: base64url() },
  { additionalProperties: true, description: 'for `PublicKeyCredential.parseCreationOptionsFromJSON()`' },
)

export const RequestOptions = Type.Object(
  { challenge: base64url() },
  { additionalProperties: true, description: 'for `PublicKeyCredential.parseRequestOptionsFromJSON()`' },
)

export const PasskeyItem = Type.Object({
  id: Type.String(),
  name: Type.String(),
  created_at: Type.String({ format: 'date-time' }),
  last_used_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  synced: Type.Boolean({ description: 'whether there is a copy of it elsewhere' }),
})

export function passkeyItem({ id, name, createdAt, lastUsedAt, synced }: Passkey): Static<typeof PasskeyItem> {
  const last_used_at = lastUsedAt === null ? null : isoTime(lastUsedAt)
  return { id, name, created_at: isoTime(createdAt), last_used_at, synced }
}

/** With what the library expects that looks into the bytes. */
export function registrationOf(response: Static<typeof Registration>): RegistrationResponseJSON {
  return { ...response, clientExtensionResults: {} }
}

export function assertionOf({ response, ...others }: Static<typeof Assertion>): AuthenticationResponseJSON {
  const { userHandle, ...bytes } = response
  return { ...others, clientExtensionResults: {}, response: { ...bytes, ...(userHandle && { userHandle }) } }
}
