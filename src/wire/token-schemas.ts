/** Bodies of the token endpoints, as schemas with the examples that Swagger UI fills in. */
import { type Static, Type } from '../base/schema.ts'

export const Credentials = Type.Object(
  {
    username: Type.String({ minLength: 1, description: 'the username or the e-mail address' }),
    password: Type.String({ minLength: 1 }),
    mode: Type.Optional(
      Type.Union([Type.Literal('bearer'), Type.Literal('cookie')], {
        description: '`cookie`: the tokens go into cookies that scripts cannot read, not into the answer',
      }),
    ),
    code: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'of a second factor, if there is one: from the authenticator app, or a recovery code',
      }),
    ),
    device: Type.Optional(
      Type.Union([Type.String(), Type.Null()], {
        description:
          'any refresh token this account was given before, however old or spent: others who guess at the password from ' +
          'elsewhere then cannot keep its owner waiting. What is none of this account is ignored. With `"mode": "cookie"` a ' +
          'cookie does this',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ username: 'thirdy', password: 'demo123' }] },
)
export type Credentials = Static<typeof Credentials>

/** RFC 6749 section 4.3.2; other fields are ignored (section 3.2). */
export const PasswordForm = Type.Object(
  {
    grant_type: Type.Optional(Type.String({ examples: ['password'] })),
    username: Type.String({ minLength: 1 }),
    password: Type.String({ minLength: 1 }),
    otp: Type.Optional(Type.String({ minLength: 1, description: 'a code of a second factor' })),
  },
  { examples: [{ grant_type: 'password', username: 'thirdy', password: 'demo123' }] },
)
export type PasswordForm = Static<typeof PasswordForm>

/** RFC 6749 sections 4.3.2 and 6. */
export const TokenForm = Type.Object(
  {
    grant_type: Type.String({ minLength: 1, description: '`password` or `refresh_token`' }),
    username: Type.Optional(Type.String({ minLength: 1 })),
    password: Type.Optional(Type.String({ minLength: 1 })),
    otp: Type.Optional(Type.String({ minLength: 1, description: 'a code of a second factor' })),
    refresh_token: Type.Optional(Type.String({ minLength: 1 })),
    scope: Type.Optional(Type.String({ description: 'the granted one is always the role of the user' })),
  },
  { examples: [{ grant_type: 'password', username: 'thirdy', password: 'demo123' }] },
)
export type TokenForm = Static<typeof TokenForm>

export const RefreshBody = Type.Object(
  { refresh_token: Type.String({ minLength: 1 }) },
  { additionalProperties: false, examples: [{ refresh_token: 'paste the refresh_token here' }] },
)

/** Where a cookie or a header may hold the token instead. */
export const OptionalRefreshBody = Type.Partial(RefreshBody)
export type OptionalRefreshBody = Static<typeof OptionalRefreshBody>

/** RFC 6749 section 5.1. */
export const TokenResponse = Type.Object(
  {
    access_token: Type.String({ description: 'for `Authorization: Bearer`; short-lived' }),
    refresh_token: Type.String({ description: 'for `POST /refresh`, which answers with the one to use next' }),
    token_type: Type.String({ description: '`bearer`', examples: ['bearer'] }),
    expires_in: Type.Integer({ description: 'seconds until the access token expires', examples: [900] }),
    recovery_codes_left: Type.Optional(
      Type.Integer({ description: 'when a recovery code was spent and three or fewer are left' }),
    ),
    scope: Type.Optional(
      Type.String({ description: 'what was granted, at `/token` to whoever asked for a `scope`', examples: ['user'] }),
    ),
  },
  { $id: 'TokenResponse' },
)

/** An access token alone: the refresh token stays as it is. */
export const AccessResponse = Type.Pick(
  TokenResponse,
  ['access_token', 'token_type', 'expires_in', 'recovery_codes_left'],
  {
    title: 'AccessResponse',
  },
)
export type AccessResponse = Static<typeof AccessResponse>

/** In cookie mode: the tokens are in `Set-Cookie`. */
export const CookieResponse = Type.Object(
  {
    token_type: Type.Literal('cookie'),
    expires_in: TokenResponse.properties.expires_in,
    recovery_codes_left: TokenResponse.properties.recovery_codes_left,
  },
  { title: 'CookieResponse', description: 'in cookie mode: the tokens are in `__Host-signet_*` cookies' },
)
export type CookieResponse = Static<typeof CookieResponse>

export const TokenResponseRef = Type.Unsafe<Static<typeof TokenResponse>>({ $ref: 'TokenResponse#' })

/** Tokens return the way they came, or the way `mode` says. */
export const TokenOrCookieResponse = Type.Union([TokenResponseRef, CookieResponse], {
  description: 'Both tokens, in cookie mode by `Set-Cookie`',
})

/** What a protected route says in the OpenAPI document: a pasted bearer token, or the username/password form. */
export const authorized = [{ bearerAuth: [] }, { passwordForm: [] }]

/** RFC 7009 section 2.1 and RFC 7662 section 2.1; the hint is not needed, a token says its type itself. */
export const PresentedToken = Type.Object({
  token: Type.String({ minLength: 1 }),
  token_type_hint: Type.Optional(Type.String()),
})
export type PresentedTokenForm = Static<typeof PresentedToken>
