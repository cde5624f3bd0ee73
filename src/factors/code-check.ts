/** One check of a code, whichever kind it is of. The only way in: every place that asks for one comes through here. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import type { Clock } from '../base/clock.ts'
import { SignetError } from '../base/errors.ts'
import type { DataKey } from '../keys/data-key.ts'
import type { FactorStore, MailStore, User } from '../stores/stores.ts'
import type { CodeLimit } from './code-limit.ts'
import type { MailsTo } from './notices.ts'
import { canonicalCode } from './recovery-codes.ts'
import { secretName } from './secret-name.ts'
import { stepOf } from './totp.ts'

/** What was shown. */
export interface Shown {
  readonly kind: 'totp' | 'recovery_code'
  /** RFC 8176, of the factor alone; a recovery code has no word there. */
  readonly amr: readonly string[]
  /** Recovery codes that are left, when one was spent. */
  readonly codesLeft?: number
}

/** The login that a code is for. */
export interface OfLogin {
  /** Makes ours what must be before the code is looked at; when it throws, the code was not tried. */
  claim(): Promise<void>
  /** Notes that the code was wrong. */
  noteWrong(): Promise<void>
}

/** @throws {SignetError} `invalid_code`: wrong, spent or used before; `too_many_attempts`; whatever `claim` throws */
export type CodeCheck = (user: User, code: string, client: Client, of?: OfLogin) => Promise<Shown>

/** After so many wrong codes somebody else may have the password. */
const suspicious = 10
const mostAnHour = 3

export function createCodeCheck(dependencies: {
  factors: Pick<FactorStore, 'list' | 'useStep' | 'spendCode'>
  limit: CodeLimit
  dataKey: DataKey
  clock: Clock
  audit: Audit
  mailsTo: MailsTo
  mails: Pick<MailStore, 'replace'>
}): CodeCheck {
  const { factors, limit, dataKey, clock, audit, mailsTo, mails } = dependencies

  async function check(user: User, code: string, client: Client, of?: OfLogin): Promise<Shown> {
    const { userId } = user
    const { ip } = client
    const failures = await limit.book(userId).catch(error => {
      if (error instanceof SignetError && error.status === 429) audit({ event: 'factor.throttled', sub: userId, ip })
      throw error
    })
    let shown: Shown | undefined
    try {
      await of?.claim()
      shown = await find(user, code)
    } catch (error) {
      await limit.takeBack(userId).catch(() => {})
      throw error
    }
    if (!shown) {
      audit({ event: 'factor.failed', sub: userId, ip, count: failures })
      if (failures === suspicious) {
        for (const mail of mailsTo(user, 'codes_guessed', client)) await mails.replace(mail, mostAnHour)
      }
      await limit.fail(userId)
      await of?.noteWrong()
      throw new SignetError('invalid_code', 'the code is wrong, or was used before')
    }
    await limit.takeBack(userId)
    if (shown.kind === 'recovery_code')
      audit({ event: 'recovery_code.spent', sub: userId, ip, count: shown.codesLeft ?? 0 })
    return shown
  }

  async function find(user: User, typed: string): Promise<Shown | undefined> {
    const digits = typed.replace(/\s/g, '')
    if (/^\d{6}$/.test(digits)) return (await isOfApp(user, digits)) ? { kind: 'totp', amr: ['otp'] } : undefined
    const code = canonicalCode(typed)
    const codesLeft = code && (await factors.spendCode(user.userId, dataKey.hmac(codeName(user.userId, code))))
    return typeof codesLeft === 'number' ? { kind: 'recovery_code', amr: [], codesLeft } : undefined
  }

  /** A step counts once: the conditional write says whose it is, over all instances. */
  async function isOfApp({ userId }: User, digits: string): Promise<boolean> {
    for (const { kind, factorId, data } of await factors.list(userId)) {
      if (kind !== 'totp') continue
      const step = stepOf(dataKey.open(data, secretName(userId)), digits, clock())
      if (step !== undefined) return factors.useStep(factorId, step)
    }
    return false
  }

  return check
}

/** What is stored of a recovery code is the HMAC of this. */
export function codeName(userId: string, code: string): string {
  return `recovery code\0${userId}\0${code}`
}
