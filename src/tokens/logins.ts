/** Logging in: from a password, and where there is one a second factor, to a session and its tokens. */
import { randomBytes } from 'node:crypto'
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import { mustEnrol, type SecondFactorMode } from '../factors/enrolment.ts'
import type { AuthenticationResponseJSON, Passkeys } from '../factors/passkeys.ts'
import type { Proven, SecondAnswer, SecondStep } from '../factors/second-step.ts'
import type { Authentication } from '../login/authentication.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { SessionStore, User } from '../stores/stores.ts'
import type { RefreshClaims } from './refresh-token.ts'
import type { IssuedTokens, TokenIssuer } from './token-issuer.ts'
import type { TokenVerifier } from './token-verifier.ts'

export interface GivenCredentials {
  readonly username: string
  readonly password: string
  /** Of a second factor. */
  readonly code?: string | undefined
  /**
   * Any refresh token this account was ever given, so that strangers cannot keep its owner waiting; whatever else it is, it
   * is ignored.
   */
  readonly device?: string | null | undefined
}

export interface Logins {
  /**
   * @param onlyWhole refuses who must add a second factor first, because this client could not
   * @throws {SignetError} `invalid_credentials`, `too_many_attempts`, `overloaded`, `unavailable`;
   *   `second_factor_required` with a challenge, `invalid_code`; `mfa_required`
   */
  logIn(given: GivenCredentials, client: Client, onlyWhole?: 'onlyWhole'): Promise<IssuedTokens>
  /** The second step. @throws {SignetError} `invalid_code`, `too_many_attempts`, `unavailable` */
  answerChallenge(challenge: string, given: SecondAnswer, client: Client): Promise<IssuedTokens>
  /** What a browser is asked with for a login by a passkey alone. */
  passkeyOptions(): Promise<object>
  /** A login by a passkey, which is worth two factors. @throws {SignetError} `invalid_code`, `email_unverified`, `unavailable` */
  logInByPasskey(response: AuthenticationResponseJSON, client: Client): Promise<IssuedTokens>
}

export interface LoginSettings {
  readonly refreshTokenSeconds: number
  readonly sessionMaxAgeSeconds: number
  readonly sessionsPerUser: number
  readonly secondFactor: SecondFactorMode
}

export function createLogins(dependencies: {
  sessions: Pick<SessionStore, 'create'>
  authentication: Pick<Authentication, 'checkFirstStep' | 'settle' | 'successOf'>
  secondStep: SecondStep
  /** Refuses a user with the right password who may not come in yet. */
  admit: (user: User, client: Client) => Promise<void>
  passkeys: Pick<Passkeys, 'loginOptions' | 'checkLogin'>
  issuer: Pick<TokenIssuer, 'both'>
  verifier: Pick<TokenVerifier, 'findAuthentic'>
  revocations: Pick<Revocations, 'add'>
  audit: Audit
  settings: LoginSettings
}): Logins {
  const { sessions, authentication, secondStep, admit, passkeys, issuer, verifier, revocations, audit, settings } =
    dependencies

  async function logIn(given: GivenCredentials, client: Client, onlyWhole?: 'onlyWhole'): Promise<IssuedTokens> {
    const { username, password, code, device } = given
    const known = device ? sessionOf(device) : undefined
    const first = await authentication.checkFirstStep(username, password, client, known)
    const proven = await secondStep.after(first, code, client)
    return settling(proven, client, async () => {
      if (onlyWhole && mustEnrol(proven.user, settings.secondFactor)) {
        throw new SignetError('mfa_required', 'a second factor must be added first, and not by a form')
      }
      return begin(proven, client, 'invalid_credentials')
    })
  }

  async function answerChallenge(challenge: string, given: SecondAnswer, client: Client): Promise<IssuedTokens> {
    const proven = await secondStep.answer(challenge, given, client)
    return settling(proven, client, () => begin(proven, client, 'invalid_code'))
  }

  async function logInByPasskey(response: AuthenticationResponseJSON, client: Client): Promise<IssuedTokens> {
    return begin(await passkeys.checkLogin(response, client), client, 'invalid_code')
  }

  /** All that was shown was right, so it is no failure of the throttle, whatever keeps a session from beginning. */
  async function settling<T>({ user, booked }: Proven, client: Client, act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      await authentication.settle(user, booked, client).catch(() => {})
      throw error
    }
  }

  /** @param whenChanged what is told when the user has changed since the password was checked */
  async function begin(
    { user, booked, amr, recoveryCodesLeft: left }: Proven,
    client: Client,
    whenChanged: 'invalid_credentials' | 'invalid_code',
  ): Promise<IssuedTokens> {
    await admit(user, client)
    const { userId, credentialsVersion } = user
    const { ip, userAgent } = client
    const view = await sessions.create(
      {
        sid: randomBytes(16).toString('base64url'),
        userId,
        idleSeconds: settings.refreshTokenSeconds,
        maxAgeSeconds: settings.sessionMaxAgeSeconds,
        ip,
        userAgent: userAgent?.slice(0, 256) ?? null,
        amr,
        success: authentication.successOf(user, booked, client),
        most: settings.sessionsPerUser,
      },
      credentialsVersion,
    )
    if (!view) throw new SignetError(whenChanged, 'login failed: the user changed while the hash was computed')
    audit({ event: 'login', sub: userId, sid: view.session.sid, ip, amr })
    refuseTokensOf(view.ended, revocations)
    for (const { sid } of view.ended) audit({ event: 'session.displaced', sub: userId, sid, ip })
    return { ...issuer.both(view), ...(left !== undefined && { recoveryCodesLeft: left }) }
  }

  /** The session that a refresh token proves there was: by its signature alone, for its row may be long gone. */
  function sessionOf(device: string): RefreshClaims | undefined {
    const token = verifier.findAuthentic(device)
    return token?.type === 'refresh' ? token.claims : undefined
  }

  return { logIn, answerChallenge, passkeyOptions: passkeys.loginOptions, logInByPasskey }
}
