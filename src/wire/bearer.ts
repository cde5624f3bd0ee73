/** Bearer credentials in a header (RFC 6750 section 2.1). */
import { SignetError } from '../base/errors.ts'

/**
 * The token after `Bearer` (in any case, RFC 9110 section 11.1) and its spaces. It is not looked at.
 * @throws {SignetError} `missing_token`: no header, another scheme, or nothing behind it
 */
export function bearerToken(authorization: string | undefined): string {
  if (authorization?.startsWith('Bearer ') && authorization[7] !== ' ' && authorization.length > 7) {
    return authorization.slice(7) // as nearly everybody writes it
  }
  const isBearer = authorization?.slice(0, 7).toLowerCase() === 'bearer '
  const token = isBearer ? authorization.slice(7).replace(/^ +/, '') : ''
  if (token === '') throw new SignetError('missing_token', 'no bearer token was presented')
  return token
}
