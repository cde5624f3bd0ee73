/** How recently, and by what, somebody has proved who they are, as the access token tells (RFC 9470). */
import { SignetError } from '../base/errors.ts'
import type { AccessClaims } from './access-token.ts'

type Proof = Pick<AccessClaims, 'auth_time' | 'amr'>

/** How old a login may be for what only the owner of an account may do. */
export const freshSeconds = 300

/** The database's clock and this one's differ a little. One that was far ahead must not make a login young for ever. */
const aheadSeconds = 30

/**
 * A token of the version before does not say how old its login is, and so is not fresh.
 * @throws {SignetError} `fresh_login_required`
 */
export function requireFresh({ auth_time: at }: Proof, now: number, seconds: number): void {
  if (at !== undefined && now - at <= seconds && at - now <= aheadSeconds) return
  throw new SignetError('fresh_login_required', 'the login is too old', { maxAgeSeconds: seconds })
}

/**
 * @param maxAgeSeconds how old a login may be here, if that matters too
 * @throws {SignetError} `stronger_login_required`
 */
export function requireMethod({ amr = [] }: Proof, method: string, maxAgeSeconds?: number): void {
  if (amr.includes(method)) return
  const options = maxAgeSeconds === undefined ? {} : { maxAgeSeconds }
  throw new SignetError('stronger_login_required', 'the login was not proved by this', options)
}
