/** The acts of the token lifecycle: log in, refresh. What they decide by is in sessions/session.ts. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { SecondStep } from '../factors/second-step.ts'
import type { Revocations } from '../sessions/revocations.ts'
import { decideRefresh, type RefreshPolicy, retryWindowIsOver } from '../sessions/session.ts'
import type { RotationPolicy, SessionStore, SessionView, User } from '../stores/stores.ts'
import { createLogins, type LoginSettings, type Logins } from './logins.ts'
import type { IssuedTokens, TokenIssuer } from './token-issuer.ts'
import type { TokenVerifier } from './token-verifier.ts'

/** Why a refresh gave tokens. */
export type RefreshCause = 'rotated' | 'repeated' | 'retried' | 'recovered'

export interface RefreshedTokens extends IssuedTokens {
  readonly cause: RefreshCause
}

export interface TokenService extends Logins {
  /** @throws {SignetError} `invalid_token`, `refresh_token_required`, `token_expired`, `token_revoked`, `unavailable` */
  refresh(refreshToken: string, client: Client): Promise<RefreshedTokens>
}

export interface TokenServiceSettings extends LoginSettings {
  readonly refreshRaceWindowSeconds: number
  readonly refreshRetriesPerDay: number
}

/** A write that lost to another one judges again; more than a few times in a row means trouble, not a race. */
const maximumJudgements = 3

export function createTokenService(dependencies: {
  sessions: SessionStore
  authentication: Parameters<typeof createLogins>[0]['authentication']
  secondStep: SecondStep
  /** Refuses a user with the right password who may not come in yet. */
  admit: (user: User, client: Client) => Promise<void>
  passkeys: Parameters<typeof createLogins>[0]['passkeys']
  issuer: TokenIssuer
  verifier: TokenVerifier
  revocations: Revocations
  audit: Audit
  settings: TokenServiceSettings
}): TokenService {
  const { sessions, issuer, verifier, revocations, audit, settings } = dependencies
  const rotation: RotationPolicy = {
    idleSeconds: settings.refreshTokenSeconds,
    raceWindowSeconds: settings.refreshRaceWindowSeconds,
  }
  const policy: RefreshPolicy = {
    raceWindowSeconds: settings.refreshRaceWindowSeconds,
    retriesPerDay: settings.refreshRetriesPerDay,
  }

  async function refresh(refreshToken: string, client: Client): Promise<RefreshedTokens> {
    const token = verifier.readAuthentic(refreshToken)
    if (token.type !== 'refresh') throw new SignetError('refresh_token_required', 'an access token was presented')
    const { sid, sub, gen } = token.claims

    const rotated = await sessions.rotate(sid, gen, rotation) // one conditional UPDATE, and nearly always all there is to do
    const settled: Settled = rotated ? { cause: 'rotated', view: rotated } : await settle(sid, gen)
    const about = { generation: settled.view?.session.generation ?? gen, presented: gen }
    audit({ event: `refresh.${settled.cause ?? settled.refusal}`, sub, sid, ip: client.ip, ...about })
    if (settled.refusal) throw refusals[settled.refusal]()
    return { cause: settled.cause, ...issuer.both(settled.view) }
  }

  /** Judges and acts until no other write came in between. */
  async function settle(sid: string, gen: number): Promise<Settled> {
    for (let judgement = 1; judgement <= maximumJudgements; judgement++) {
      const view = await sessions.find(sid)
      const settled: Settled | undefined = view ? await act(view, gen) : { refusal: 'revoked' }
      if (settled) return settled
    }
    throw new SignetError('unavailable', 'refresh lost every race', { retryAfterSeconds: 1 })
  }

  /** Does what the decision asks for. @returns undefined when another write came first */
  async function act(view: SessionView, gen: number): Promise<Settled | undefined> {
    const { session, now } = view
    const given = (cause: RefreshCause, after: SessionView | undefined) => after && { cause, view: after }

    const decision = decideRefresh(view, gen, policy)
    switch (decision) {
      case 'rotate':
        return given('rotated', await sessions.rotate(session.sid, gen, rotation))
      case 'repeat':
        return given('repeated', view)
      case 'retry':
        return given('retried', await sessions.countRetry(session, retryWindowIsOver(session, now)))
      case 'recover':
        return given('recovered', await sessions.recover(session, gen, rotation))
      case 'reuse':
        // A write of its own, committed before the request fails: whoever throws first loses the write that matters.
        if (!(await sessions.revoke(session.sid, 'reuse', session))) return undefined
        revocations.add(session.sid)
        return { refusal: 'reuse', view }
      default:
        return { refusal: decision, view }
    }
  }

  return { ...createLogins(dependencies), refresh }
}

/** How a refresh ended: with tokens, or with a refusal. */
type Settled =
  | { readonly cause: RefreshCause; readonly view: SessionView; readonly refusal?: undefined }
  | { readonly refusal: keyof typeof refusals; readonly view?: SessionView; readonly cause?: undefined }

const refusals = {
  revoked: () => new SignetError('token_revoked', 'refresh refused: the session has ended'),
  expired: () => new SignetError('token_expired', 'refresh refused: the session has expired'),
  reuse: () => new SignetError('token_revoked', 'refresh refused: this refresh token was used before'),
  ahead: () => new SignetError('token_revoked', 'refresh refused: the token is ahead of the database'),
}
