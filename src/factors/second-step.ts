/** The second step of a login: what is asked for beside the right password, and when the two are a login. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { FirstStep } from '../login/authentication.ts'
import type { FactorStore, User, UserStore } from '../stores/stores.ts'
import type { CodeCheck, Shown } from './code-check.ts'
import type { CodeLimit } from './code-limit.ts'
import type { LoginChallenges } from './login-challenge.ts'
import type { AuthenticationResponseJSON, Passkeys, Question } from './passkeys.ts'
import { toldLeft } from './recovery-codes.ts'

/** Who has shown all that is asked for, and what that was (RFC 8176). */
export interface Proven {
  readonly user: User
  readonly amr: readonly string[]
  /** The failure that is booked until the session begins; none where no password was asked for. */
  readonly booked?: string | undefined
  /** Recovery codes that are left, when they are few and one was spent. */
  readonly recoveryCodesLeft?: number
}

/** What a challenge is answered with. */
export type SecondAnswer = { readonly code: string } | { readonly passkey: AuthenticationResponseJSON }

export interface SecondStep {
  /**
   * After the right password. A code of somebody without a factor is ignored.
   * @throws {SignetError} `second_factor_required` with a challenge; `invalid_code`, `too_many_attempts`
   */
  after(first: FirstStep, code: string | undefined, client: Client): Promise<Proven>
  /** The answer to a challenge. @throws {SignetError} `invalid_code`, `too_many_attempts` */
  answer(challenge: string, given: SecondAnswer, client: Client): Promise<Proven>
}

export function createSecondStep(dependencies: {
  users: Pick<UserStore, 'findById'>
  factors: Pick<FactorStore, 'countCodes'>
  challenges: LoginChallenges
  check: CodeCheck
  limit: Pick<CodeLimit, 'takeBack'>
  passkeys: Pick<Passkeys, 'options' | 'check'>
  audit: Audit
}): SecondStep {
  const { users, factors, challenges, check, limit, passkeys, audit } = dependencies

  async function after({ user, booked }: FirstStep, code: string | undefined, client: Client): Promise<Proven> {
    if (user.secondFactors.length === 0) return { user, booked, amr: ['pwd'] }
    if (code === undefined) throw await asked(user, booked, client)
    return proven(user, booked, await check(user, code, client))
  }

  async function asked(user: User, booked: string | undefined, { ip }: Client): Promise<SignetError> {
    const { challengeId, text: challenge } = await challenges.open(user, booked)
    const hasPasskey = user.secondFactors.includes('passkey')
    const passkey = hasPasskey && (await passkeys.options(questionOf(user, challengeId)))
    const hasCodes = (await factors.countCodes(user.userId)) > 0
    audit({ event: 'login.challenged', sub: user.userId, ip })
    return new SignetError('second_factor_required', 'the password was right', {
      beside: {
        challenge,
        factors: [...user.secondFactors, ...(hasCodes ? ['recovery_code'] : [])],
        ...(passkey && { passkey }),
      },
    })
  }

  async function answer(text: string, given: SecondAnswer, client: Client): Promise<Proven> {
    const challenge = await challenges.find(text)
    const user = await users.findById(challenge.userId ?? '')
    if (!user || user.disabled || user.credentialsVersion !== challenge.credentialsVersion) {
      throw new SignetError('invalid_code', 'the user has changed since the password was checked')
    }
    const claim = () => challenges.countTry(challenge)
    const shown =
      'code' in given
        ? await check(user, given.code, client, { claim, noteWrong: () => challenges.countWrongCode(challenge) })
        : await claim().then(() => passkeys.check(questionOf(user, challenge.challengeId), given.passkey, client))
    const wrongCodes = await challenges.close(challenge)
    if (wrongCodes > 0) await limit.takeBack(user.userId, wrongCodes) // they were typing errors of this login
    return proven(user, challenge.data ?? undefined, shown)
  }

  return { after, answer }
}

/** The passkey that is asked for in a login answers for that login alone. */
function questionOf(user: User, challengeId: string): Question {
  return { purpose: 'second factor', user, of: challengeId }
}

function proven(user: User, booked: string | undefined, { amr, codesLeft }: Pick<Shown, 'amr' | 'codesLeft'>): Proven {
  return { user, booked, amr: [...new Set(['pwd', ...amr, 'mfa'])], ...toldLeft(codesLeft) }
}
