/** The access token (RFC 9068): what it says, and what it must say to be believed. */
import { randomUUID } from 'node:crypto'
import { checkOf, type Static, Type } from '../base/schema.ts'
import { mustEnrol, type SecondFactorMode } from '../factors/enrolment.ts'
import { endsAt } from '../sessions/live.ts'
import type { Session, User } from '../stores/stores.ts'

const visible = '^[\\x21-\\x7e]+$'

/** Unknown claims are ignored (RFC 7519 section 4), so that a newer instance may add some. */
export const AccessClaims = Type.Object({
  iss: Type.String(),
  aud: Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })]),
  sub: Type.String({ pattern: visible, maxLength: 128 }),
  client_id: Type.Literal('signet'),
  exp: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  iat: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  jti: Type.String({ pattern: visible, maxLength: 64 }),
  sid: Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }),
  username: Type.String({ pattern: '^[^\\s@\\p{C}]{1,64}$|^[^\\s@\\p{C}]+@[^\\s@\\p{C}]+$', maxLength: 254 }),
  email: Type.Union([Type.String(), Type.Null()]),
  role: Type.String({ pattern: visible, maxLength: 64 }),
  // The version before wrote none of these.
  email_verified: Type.Optional(Type.Boolean()),
  scope: Type.Optional(Type.String()),
  auth_time: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  amr: Type.Optional(Type.Array(Type.String({ pattern: visible, maxLength: 64 }))),
  token_type: Type.Literal('access'),
  nbf: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
})

export type AccessClaims = Readonly<Static<typeof AccessClaims>>

const isValid = checkOf<AccessClaims>(AccessClaims)

export interface AccessTokenSettings {
  readonly publicUrl: string
  readonly audience: readonly string[]
  readonly accessTokenSeconds: number
  readonly secondFactor: SecondFactorMode
}

/** Who must add a second factor first gets tokens for that, which are for nobody else: their role is no role. */
const enrolment = 'enrol'

/** `aud` of the tokens of those who must add a second factor first. */
export function enrolmentAudience({ publicUrl }: Pick<AccessTokenSettings, 'publicUrl'>): string {
  return `${publicUrl}/${enrolment}`
}

/** The claims of a new access token, which ends no later than its session would, idle or old: nothing need end it then. */
export function accessClaims(session: Session, user: User, now: number, settings: AccessTokenSettings): AccessClaims {
  const { publicUrl, audience, accessTokenSeconds } = settings
  const isForEnrolment = mustEnrol(user, settings.secondFactor)
  const role = isForEnrolment ? enrolment : user.role
  return {
    iss: publicUrl,
    aud: isForEnrolment ? enrolmentAudience(settings) : audience.length === 1 ? (audience[0] as string) : [...audience],
    sub: user.userId,
    client_id: 'signet',
    exp: Math.min(now + accessTokenSeconds, endsAt(session)),
    iat: now,
    jti: randomUUID(),
    sid: session.sid,
    username: user.username,
    email: user.email,
    email_verified: user.emailVerified,
    role,
    scope: role,
    auth_time: session.authTime,
    amr: [...session.amr],
    token_type: 'access',
  }
}

/** Clocks of two instances differ a little; expiry has no such leeway. */
const aheadSeconds = 30

/**
 * Why these authentic claims are not those of an access token of ours, or undefined when they are (RFC 9068 section 4).
 * Does not look at expiry.
 */
export function accessClaimsMistake(claims: unknown, now: number, settings: AccessTokenSettings): string | undefined {
  if (!isValid(claims)) return 'a claim is missing or of the wrong type'
  if (claims.iss !== settings.publicUrl) return 'another issuer'
  if (!sharesOne(claims.aud, settings.audience) && claims.aud !== enrolmentAudience(settings)) return 'another audience'
  if (claims.iat > now + aheadSeconds || (claims.nbf ?? 0) > now + aheadSeconds) return 'issued in the future'
  if (claims.exp - claims.iat > settings.accessTokenSeconds) return 'a longer life than ours'
  return undefined
}

function sharesOne(aud: string | readonly string[], ours: readonly string[]): boolean {
  return typeof aud === 'string' ? ours.includes(aud) : aud.some(one => ours.includes(one))
}
