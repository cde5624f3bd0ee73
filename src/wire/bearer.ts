/** Bearer credentials in a header (RFC 6750 section 2.1). */
import { SignetError } from '../base/errors.ts'

/**
 * Whether the header is about a bearer token, be it a broken one: then no cookie is read. Another scheme is somebody else's,
 * such as a gateway's that asks for a password in front of us.
 */
export function saysBearer(authorization: string | undefined): boolean {
  return authorization !== undefined && /^bearer(?:[ \t]|$)/i.test(authorization)
}

/**
 * The token after `Bearer` (in any case, RFC 9110 section 11.1) and its spaces. It is not looked at.
 * @throws {SignetError} `missing_token`: no header, another scheme, or nothing behind it
 */
export function bearerToken(authorization: string | undefined): string {
  const token = findBearerToken(authorization)
  if (token === undefined) throw new SignetError('missing_token', 'no bearer token was presented')
  return token
}

/** The same for a request that may have another token instead. */
export function findBearerToken(authorization: string | undefined): string | undefined {
  if (authorization?.startsWith('Bearer ') && authorization[7] !== ' ' && authorization.length > 7) {
    return authorization.slice(7) // as nearly everybody writes it
  }
  const isBearer = authorization?.slice(0, 7).toLowerCase() === 'bearer '
  return (isBearer && authorization.slice(7).replace(/^ +/, '')) || undefined
}
