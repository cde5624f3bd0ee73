/** Who is asking: the claims of an access token (RFC 9068). */
import type { JWTPayload } from 'jose'

export interface SignetUser {
  /** The user's id, which never changes. */
  readonly sub: string
  readonly username: string
  readonly email: string | null
  /** Whether it is known to be theirs: somebody else's may be named until it was proven. Not in tokens of older versions. */
  readonly email_verified?: boolean
  readonly role: string
  /** The session that the token belongs to. */
  readonly sid: string
  readonly iss: string
  readonly aud: string | readonly string[]
  readonly exp: number
  readonly iat: number
  readonly jti: string
  readonly client_id: string
  /** When the user last proved who they are, seconds since the epoch; not in tokens of older versions of Signet. */
  readonly auth_time?: number
  /** How they did (RFC 8176). */
  readonly amr?: readonly string[]
  /** Whatever else a version of Signet adds. */
  readonly [claim: string]: unknown
}

/** Frozen through and through, because requests with the same token share it; undefined when something is missing. */
export function userOf(claims: JWTPayload): SignetUser | undefined {
  const { sub, sid, username, role, iat, jti, email, auth_time: at = 0 } = claims
  if (![sub, sid, username, role, jti].every(text => typeof text === 'string' && text !== '')) return undefined
  if (typeof iat !== 'number' || typeof at !== 'number' || claims['token_type'] !== 'access') return undefined
  if (email !== null && typeof email !== 'string') return undefined
  return frozen(claims) as SignetUser
}

function frozen(value: object): object {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) frozen(inner)
  return Object.freeze(value)
}
