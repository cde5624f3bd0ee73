/**
 * The one verification of tokens, used by every caller: key, signature, claims, expiry, type, revocation, in that
 * order (RFC 8725, RFC 9068 section 4). It is synchronous and reads no database. Whatever a token contains, the outcome
 * is a 401, never a 5xx; only a revocation list that cannot be trusted is a 503.
 */
import type { Clock } from '../base/clock.ts'
import { SignetError } from '../base/errors.ts'
import { readPart, splitCompactJws } from '../jws/compact-jws.ts'
import type { Jws } from '../jws/jws.ts'
import type { KeyRing, TokenType } from '../keys/key-ring.ts'
import type { Revocations } from '../sessions/revocations.ts'
import { type AccessClaims, type AccessTokenSettings, accessClaimsMistake, enrolmentAudience } from './access-token.ts'
import { type RefreshClaims, refreshClaimsMistake } from './refresh-token.ts'
import { createVerifiedTokens } from './verified-tokens.ts'

export type AuthenticToken =
  | { readonly type: 'access'; readonly claims: AccessClaims }
  | { readonly type: 'refresh'; readonly claims: RefreshClaims }

export interface TokenVerifier {
  /**
   * Says that we made this token, and of what type it is. Does NOT say that it is still good: it may have expired, been
   * revoked or superseded.
   * @throws {SignetError} `invalid_token`
   */
  readAuthentic(token: string): AuthenticToken
  /** The same; undefined for what is no token of ours. */
  findAuthentic(token: string): AuthenticToken | undefined
  /**
   * Says who is asking. The claims are frozen: they may be shared by several requests.
   * @param mayEnrol whether who must add a second factor first is let through as well
   * @throws {SignetError} `invalid_token`, `token_expired`, `access_token_required`, `token_revoked` (401),
   *   `enrolment_required` (403), or `unavailable` (503) when revocation cannot be known
   */
  authenticate(token: string, mayEnrol?: 'mayEnrol'): AccessClaims
}

export function createTokenVerifier(dependencies: {
  keys: KeyRing
  revocations: Pick<Revocations, 'has'>
  clock: Clock
  settings: AccessTokenSettings
}): TokenVerifier {
  const { keys, revocations, clock, settings } = dependencies
  const verified = createVerifiedTokens()
  const forEnrolment = enrolmentAudience(settings)
  const keysByHeader = new Map<string, FoundKey>()
  let keysVersion = keys.version

  function readAuthentic(token: string): AuthenticToken {
    forgetFormerKeys()
    const { header, payload } = splitCompactJws(token)
    const { typ, jws } = keyOf(header)
    if (!jws.isSigned(token)) throw refused('its signature does not verify')

    const claims = readPart(payload)
    const type = typ === 'at+jwt' ? 'access' : 'refresh'
    const mistake = type === 'access' ? accessClaimsMistake(claims, clock(), settings) : refreshClaimsMistake(claims)
    if (mistake) throw new SignetError('invalid_token', `${type} token refused: ${mistake}`)
    return { type, claims: Object.freeze(claims) } as AuthenticToken
  }

  function findAuthentic(token: string): AuthenticToken | undefined {
    try {
      return readAuthentic(token)
    } catch (error) {
      if (error instanceof SignetError && error.code === 'invalid_token') return undefined
      throw error
    }
  }

  /** The tokens of a key have the same header, to the letter, so it is read once. */
  function keyOf(header: string): FoundKey {
    const known = keysByHeader.get(header)
    if (known) return known
    const found = findKey(readPart(header), keys)
    if (keysByHeader.size >= mostHeaders) keysByHeader.clear()
    keysByHeader.set(header, found)
    return found
  }

  function authenticate(token: string, mayEnrol?: 'mayEnrol'): AccessClaims {
    forgetFormerKeys()
    const known = verified.get(token)
    const { type, claims } = known ? { type: 'access' as const, claims: known } : readAuthentic(token)

    if (clock() >= claims.exp) throw new SignetError('token_expired', 'token expired')
    if (type !== 'access') throw new SignetError('access_token_required', 'a refresh token was presented')
    if (!known) verified.add(token, claims)
    if (revocations.has(claims.sid)) throw new SignetError('token_revoked', 'the session of this token has ended')
    if (claims.aud === forEnrolment && !mayEnrol) throw new SignetError('enrolment_required', 'no second factor yet')
    return claims
  }

  /** What a key that is gone has verified must not live on in memory. */
  function forgetFormerKeys(): void {
    if (keysVersion === keys.version) return
    verified.clear()
    keysByHeader.clear()
    keysVersion = keys.version
  }

  return { readAuthentic, findAuthentic, authenticate }
}

interface FoundKey {
  readonly typ: TokenType
  readonly jws: Jws
}

/** Ours are a handful; whoever knows a `kid` can write its header in a few other ways. */
const mostHeaders = 64

function findKey({ alg, kid, typ: givenTyp, ...others }: Readonly<Record<string, unknown>>, keys: KeyRing): FoundKey {
  if (Object.keys(others).length > 0) throw refused('its header has other members') // crit, jku, jwk, x5c, …
  const typ = typeof givenTyp === 'string' ? givenTyp.toLowerCase().replace(/^application\//, '') : undefined
  if (typ !== 'at+jwt' && typ !== 'rt+jwt') throw refused('it is of no type of ours')
  const jws = typeof kid === 'string' ? keys.find(typ, kid) : undefined
  if (!jws) throw refused('its key is not known')
  if (alg !== jws.alg) throw refused("it does not use its key's algorithm")
  return { typ, jws }
}

function refused(reason: string): SignetError {
  return new SignetError('invalid_token', `token refused: ${reason}`)
}
