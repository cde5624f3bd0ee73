/** Who is asking, by the token. jose verifies; what it has verified is remembered for as long as the keys stay the same. */
import { decodeProtectedHeader, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Keys } from './keys.ts'
import type { Settings } from './options.ts'
import { Refusal } from './problem.ts'
import type { Revocations } from './revocations.ts'
import { createSeen } from './seen.ts'
import type { Time } from './time.ts'
import { type SignetUser, userOf } from './user.ts'

export interface Verifier {
  /** At once for a token that was seen before, else when it is verified. @throws {Refusal} */
  authenticate(token: string): SignetUser | Promise<SignetUser>
}

/** @param keys undefined under HS256 */
export function createVerifier(
  settings: Settings,
  keys: Keys | undefined,
  feed: Revocations | undefined,
  time: Time,
): Verifier {
  const { url, audience, secrets, whenStale, staleAfter } = settings
  const algorithms = keys ? ['ES256', 'EdDSA', 'RS256'] : ['HS256']
  const candidates: (JWTVerifyGetKey | Uint8Array)[] = keys
    ? [keys.find]
    : secrets.map(one => new TextEncoder().encode(one))
  const seen = createSeen()
  let version = keys?.version

  async function verify(token: string): Promise<SignetUser> {
    const { typ } = readHeader(token)
    // Nothing else says of itself that it is one, and its key is none that Signet publishes.
    if (typ === 'rt+jwt') throw new Refusal('access_token_required', 'a refresh token was presented')
    const user = userOf(await verifiedBy(candidates, token))
    if (!user) throw new Refusal('invalid_token', 'a claim is missing')
    if (keys) forgetFormerKeys(keys)
    seen.add(token, user)
    return stillGood(user)
  }

  async function verifiedBy([candidate, ...others]: typeof candidates, token: string) {
    const options = {
      algorithms,
      typ: 'at+jwt',
      issuer: url,
      audience,
      requiredClaims: ['exp', 'iat', 'sub', 'sid'],
      currentDate: new Date(time.date() * 1000),
    }
    try {
      // Two signatures of one function, of which each takes one of the two.
      const { payload } = await (typeof candidate === 'function'
        ? jwtVerify(token, candidate, options)
        : jwtVerify(token, candidate ?? new Uint8Array(), options))
      return payload
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed && others.length > 0) return verifiedBy(others, token)
      throw refusalOf(error as Error)
    }
  }

  function refusalOf(error: Error): Refusal {
    if (error instanceof errors.JWTExpired) return new Refusal('token_expired', 'token expired')
    if (keys && !keys.areKnown) return new Refusal('unavailable', 'the keys of Signet are not known yet')
    return new Refusal('invalid_token', `token refused: ${error.message}`)
  }

  function stillGood(user: SignetUser): SignetUser {
    if (time.date() >= user.exp) throw new Refusal('token_expired', 'token expired')
    if (!feed) return user
    if (feed.has(user.sid)) throw new Refusal('token_revoked', 'the session of this token has ended')
    if (whenStale === 'refuse' && feed.age() >= staleAfter)
      throw new Refusal('unavailable', 'who logged out is not known')
    return user
  }

  /** What a key that is gone has verified must not live on. */
  function forgetFormerKeys(keys: Keys): void {
    if (keys.version === version) return
    seen.clear()
    version = keys.version
  }

  return {
    authenticate(token) {
      if (keys) forgetFormerKeys(keys)
      const known = seen.get(token)
      return known ? stillGood(known) : verify(token)
    },
  }
}

function readHeader(token: string): { readonly typ?: unknown } {
  try {
    return decodeProtectedHeader(token)
  } catch (error) {
    throw new Refusal('invalid_token', `not a token: ${(error as Error).message}`)
  }
}
