/** The acts of the token lifecycle: log in, refresh. What they decide by is in sessions/session.ts. */
import { randomBytes } from 'node:crypto'
import type { Audit } from '../audit.ts'
import { SignetError } from '../errors.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Revocations } from '../sessions/revocations.ts'
import { decideRefresh, type RefreshPolicy, retryWindowIsOver } from '../sessions/session.ts'
import type { RotationPolicy, SessionStore, SessionView, User } from '../stores/stores.ts'
import type { UserService } from '../users/user-service.ts'
import { type AccessTokenSettings, accessClaims } from './access-token.ts'
import { refreshClaims } from './refresh-token.ts'
import type { TokenVerifier } from './token-verifier.ts'

/** RFC 6749 section 5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly refresh_token: string
  readonly token_type: 'bearer'
  /** Seconds. */
  readonly expires_in: number
}

/** Why a refresh gave tokens; goes out in `Signet-Refresh`. */
export type RefreshCause = 'rotated' | 'repeated' | 'retried' | 'recovered'

export interface Login {
  readonly username: string
  readonly password: string
  readonly ip: string
  readonly userAgent: string | undefined
}

export interface TokenService {
  /** @throws {SignetError} `invalid_credentials`, `overloaded`, `unavailable` */
  logIn(login: Login): Promise<TokenResponse>
  /** @throws {SignetError} `invalid_token`, `refresh_token_required`, `token_expired`, `token_revoked`, `unavailable` */
  refresh(refreshToken: string): Promise<{ cause: RefreshCause; tokens: TokenResponse }>
}

export interface TokenServiceSettings extends AccessTokenSettings {
  readonly refreshTokenSeconds: number
  readonly sessionMaxAgeSeconds: number
  readonly refreshRaceWindowSeconds: number
  readonly refreshRetriesPerDay: number
}

/** A write that lost to another one judges again; more than a few times in a row means trouble, not a race. */
const maximumJudgements = 3

export function createTokenService(dependencies: {
  sessions: SessionStore
  users: UserService
  keys: KeyRing
  verifier: TokenVerifier
  revocations: Revocations
  audit: Audit
  settings: TokenServiceSettings
}): TokenService {
  const { sessions, users, keys, verifier, revocations, audit, settings } = dependencies
  const rotation: RotationPolicy = {
    idleSeconds: settings.refreshTokenSeconds,
    raceWindowSeconds: settings.refreshRaceWindowSeconds,
  }
  const policy: RefreshPolicy = {
    raceWindowSeconds: settings.refreshRaceWindowSeconds,
    retriesPerDay: settings.refreshRetriesPerDay,
  }

  async function logIn({ username, password, ip, userAgent }: Login): Promise<TokenResponse> {
    const user = await logInOrAudit(username, password, ip)
    const view = await sessions.create(
      {
        sid: randomBytes(16).toString('base64url'),
        userId: user.userId,
        idleSeconds: settings.refreshTokenSeconds,
        maxAgeSeconds: settings.sessionMaxAgeSeconds,
        ip,
        userAgent: userAgent?.slice(0, 256) ?? null,
      },
      user.credentialsVersion,
    )
    if (!view)
      throw new SignetError('invalid_credentials', 'login failed: the user changed while the hash was computed')
    audit({ event: 'login', sub: user.userId, sid: view.session.sid, ip })
    return tokensOf(view)
  }

  async function logInOrAudit(username: string, password: string, ip: string): Promise<User> {
    try {
      return await users.checkPassword(username, password)
    } catch (error) {
      if (error instanceof SignetError && error.code === 'invalid_credentials') audit({ event: 'login.failed', ip })
      throw error
    }
  }

  async function refresh(refreshToken: string): Promise<{ cause: RefreshCause; tokens: TokenResponse }> {
    const token = verifier.readAuthentic(refreshToken)
    if (token.type !== 'refresh') throw new SignetError('refresh_token_required', 'an access token was presented')
    const { sid, gen } = token.claims

    const rotated = await sessions.rotate(sid, gen, rotation)
    if (rotated) return { cause: 'rotated', tokens: tokensOf(rotated) }
    for (let judgement = 1; judgement <= maximumJudgements; judgement++) {
      const view = await sessions.find(sid)
      if (!view) throw new SignetError('token_revoked', 'refresh refused: no such session')
      const outcome = await act(view, gen)
      if (outcome) return { cause: outcome.cause, tokens: tokensOf(outcome.view) }
    }
    throw new SignetError('unavailable', 'refresh lost every race', { retryAfterSeconds: 1 })
  }

  /** Does what the decision asks for. @returns undefined when another write came first */
  async function act(view: SessionView, gen: number): Promise<{ cause: RefreshCause; view: SessionView } | undefined> {
    const { session } = view
    const about = { sub: session.userId, sid: session.sid, generation: session.generation, presented: gen }
    const succeed = (cause: RefreshCause, after: SessionView | undefined) => after && { cause, view: after }

    const decision = decideRefresh(view, gen, policy)
    switch (decision) {
      case 'revoked':
        throw new SignetError('token_revoked', 'refresh refused: the session has ended')
      case 'expired':
        throw new SignetError('token_expired', 'refresh refused: the session has expired')
      case 'rotate':
        return succeed('rotated', await sessions.rotate(session.sid, gen, rotation))
      case 'repeat':
        return succeed('repeated', view)
      case 'retry': {
        const after = await sessions.countRetry(session, retryWindowIsOver(session, view.now))
        if (after) audit({ event: 'refresh.retried', ...about })
        return succeed('retried', after)
      }
      case 'recover': {
        const after = await sessions.recover(session, gen, rotation)
        if (after) audit({ event: 'refresh.recovered', ...about })
        return succeed('recovered', after)
      }
      case 'ahead':
        audit({ event: 'refresh.ahead', ...about })
        throw new SignetError('token_revoked', 'refresh refused: the token is ahead of the database')
      case 'reuse':
        // A write of its own, committed before the request fails: whoever throws first loses the write that matters.
        if (!(await sessions.revoke(session.sid, 'reuse', session))) return undefined
        revocations.add(session.sid)
        audit({ event: 'refresh.reuse', ...about })
        throw new SignetError('token_revoked', 'refresh refused: this refresh token was used before')
    }
  }

  function tokensOf({ session, user, now }: SessionView): TokenResponse {
    if (!user) throw new SignetError('token_revoked', 'the user of this session is gone')
    const access = accessClaims(session, user, now, settings)
    return {
      access_token: keys.signer('at+jwt').sign(access),
      refresh_token: keys.signer('rt+jwt').sign(refreshClaims(session)),
      token_type: 'bearer',
      expires_in: access.exp - now,
    }
  }

  return { logIn, refresh }
}
