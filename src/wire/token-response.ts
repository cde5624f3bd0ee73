/** Issued tokens as JSON. */
import type { Static } from '../base/schema.ts'
import type { IssuedAccess, IssuedToken, IssuedTokens } from '../tokens/token-issuer.ts'
import type { AccessResponse, CookieResponse, TokenResponse as schema } from './token-schemas.ts'

export type TokenResponse = Readonly<Static<typeof schema>>

/** RFC 6749 section 5.1. */
export function tokenResponse(tokens: IssuedTokens): TokenResponse {
  const { access_token, ...others } = accessResponse(tokens)
  return { access_token, refresh_token: tokens.refresh.token, ...others }
}

export function accessResponse(issued: IssuedAccess): AccessResponse {
  const { access, issuedAt } = issued
  return {
    access_token: access.token,
    token_type: 'bearer',
    expires_in: lifetime(access, issuedAt),
    ...codesLeft(issued),
  }
}

/** RFC 6749 section 3.3: a client that asked for a scope is told which one it got. That is always the role. */
export function scopedResponse(tokens: IssuedTokens, requested: string | undefined): TokenResponse {
  return { ...tokenResponse(tokens), ...(requested !== undefined && { scope: tokens.scope }) }
}

/** What is left for the body when the tokens are in cookies. */
export function cookieResponse(issued: IssuedAccess): CookieResponse {
  return { token_type: 'cookie', expires_in: lifetime(issued.access, issued.issuedAt), ...codesLeft(issued) }
}

function codesLeft({ recoveryCodesLeft: left }: IssuedAccess) {
  return left === undefined ? {} : { recovery_codes_left: left }
}

/** Seconds, as `expires_in` and `Max-Age` count them. */
export function lifetime({ expiresAt }: IssuedToken, issuedAt: number): number {
  return expiresAt - issuedAt
}
