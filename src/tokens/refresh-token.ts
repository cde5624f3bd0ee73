/**
 * The refresh token: a JWT for the eye, but its authority is the session's row. It is a function of that row, so it can
 * be made again byte by byte and nothing of it needs to be stored.
 */
import { checkOf, type Static, Type } from '../base/schema.ts'
import type { Session } from '../stores/stores.ts'

const visible = '^[\\x21-\\x7e]+$'

export const RefreshClaims = Type.Object({
  sub: Type.String({ pattern: visible, maxLength: 128 }),
  exp: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  iat: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  jti: Type.String({ pattern: visible, maxLength: 64 }),
  sid: Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' }),
  gen: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  token_type: Type.Literal('refresh'),
})

export type RefreshClaims = Readonly<Static<typeof RefreshClaims>>

const isValid = checkOf<RefreshClaims>(RefreshClaims)

/** The claims of the session's current refresh token. */
export function refreshClaims(session: Session): RefreshClaims {
  return {
    sub: session.userId,
    exp: session.expiresAt,
    iat: session.rotatedAt ?? session.createdAt,
    jti: `${session.sid}.${session.generation}`,
    sid: session.sid,
    gen: session.generation,
    token_type: 'refresh',
  }
}

/**
 * Why these authentic claims are not those of a refresh token of ours, or undefined. Does not look at `exp`: the row
 * knows better, and an old token must be recognised as used before, not excused as expired.
 */
export function refreshClaimsMistake(claims: unknown): string | undefined {
  return isValid(claims) ? undefined : 'a claim is missing or of the wrong type'
}
