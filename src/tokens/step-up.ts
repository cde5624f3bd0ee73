/** Proving again who one is, within a session: its next access tokens say so, and its refresh token stays as it is. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { CodeCheck } from '../factors/code-check.ts'
import type { AuthenticationResponseJSON, Passkeys } from '../factors/passkeys.ts'
import { toldLeft } from '../factors/recovery-codes.ts'
import type { Authentication } from '../login/authentication.ts'
import type { SessionStore, User, UserStore } from '../stores/stores.ts'
import type { AccessClaims } from './access-token.ts'
import type { IssuedAccess, TokenIssuer } from './token-issuer.ts'

type Whose = Pick<AccessClaims, 'sub' | 'sid'>

export interface StepUp {
  /**
   * By the password of now, which is throttled as at a login, of whoever has no second factor.
   * @throws {SignetError} `second_factor_required`, `invalid_credentials`, `too_many_attempts`, `overloaded`; `token_revoked` when the session has
   *   ended, or the user changed, meanwhile
   */
  byPassword(whose: Whose, password: string, client: Client): Promise<IssuedAccess>
  /**
   * By a code of a second factor: two are shown then, with the one the session began with.
   * @throws {SignetError} `invalid_code`, `too_many_attempts`, `token_revoked`
   */
  byCode(whose: Whose, code: string, client: Client): Promise<IssuedAccess>
  /** What the browser is asked with for a passkey. @throws {SignetError} `not_found` when the user has none, `token_revoked` */
  passkeyOptions(whose: Whose): Promise<object>
  /** The same by a passkey. @throws {SignetError} `invalid_code`, `token_revoked` */
  byPasskey(whose: Whose, response: AuthenticationResponseJSON, client: Client): Promise<IssuedAccess>
}

export function createStepUp(dependencies: {
  users: Pick<UserStore, 'findById'>
  sessions: Pick<SessionStore, 'confirm'>
  authentication: Pick<Authentication, 'checkPassword'>
  checkCode: CodeCheck
  passkeys: Pick<Passkeys, 'options' | 'check'>
  issuer: Pick<TokenIssuer, 'access'>
  audit: Audit
}): StepUp {
  const { users, sessions, authentication, checkCode, passkeys, issuer, audit } = dependencies

  async function byPassword({ sub, sid }: Whose, password: string, client: Client): Promise<IssuedAccess> {
    const known = await userOf(sub)
    if (known.secondFactors.length > 0) {
      throw new SignetError('second_factor_required', 'the password alone proves less than the login did', {
        beside: { factors: known.secondFactors },
      })
    }
    const user = await authentication.checkPassword(known.username, password, client)
    return note(user, sid, ['pwd'], client)
  }

  async function byCode({ sub, sid }: Whose, code: string, client: Client): Promise<IssuedAccess> {
    const user = await userOf(sub)
    const { amr, codesLeft } = await checkCode(user, code, client)
    const issued = await note(user, sid, [...amr, 'mfa'], client)
    return { ...issued, ...toldLeft(codesLeft) }
  }

  async function passkeyOptions({ sub, sid }: Whose): Promise<object> {
    const options = await passkeys.options({ purpose: 'confirmation', user: await userOf(sub), of: sid })
    if (!options) throw new SignetError('not_found', 'the user has no passkey')
    return options
  }

  async function byPasskey({ sub, sid }: Whose, response: AuthenticationResponseJSON, client: Client) {
    const question = { purpose: 'confirmation', user: await userOf(sub), of: sid } as const
    const { user, amr } = await passkeys.check(question, response, client)
    return note(user, sid, [...new Set([...amr, 'mfa'])], client)
  }

  async function userOf(userId: string): Promise<User> {
    const user = await users.findById(userId)
    if (!user) throw ended()
    return user
  }

  /** The same conditions as for a new session: a login and a change of the user race. */
  async function note(user: User, sid: string, amr: readonly string[], { ip }: Client): Promise<IssuedAccess> {
    const view = await sessions.confirm(sid, user.credentialsVersion, amr)
    if (!view) throw ended()
    audit({ event: 'session.confirmed', sub: user.userId, sid, ip, amr })
    return issuer.access(view)
  }

  return { byPassword, byCode, passkeyOptions, byPasskey }
}

function ended(): SignetError {
  return new SignetError('token_revoked', 'the session has ended, or the user changed, meanwhile')
}
