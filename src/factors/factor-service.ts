/** Adding and removing second factors. Each change ends the other sessions, and its owner is told by mail. */
import { randomBytes } from 'node:crypto'
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import type { Clock } from '../base/clock.ts'
import { SignetError } from '../base/errors.ts'
import type { DataKey } from '../keys/data-key.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { ChallengeStore, FactorChange, FactorStore, User, UserStore } from '../stores/stores.ts'
import { base32 } from './base32.ts'
import { codeName } from './code-check.ts'
import { requireMayEnrol, requireOn, requireWayIn, type SecondFactorMode } from './enrolment.ts'
import type { MailsTo } from './notices.ts'
import { qrCode } from './qr-code.ts'
import { canonicalCode, newRecoveryCodes } from './recovery-codes.ts'
import { secretName } from './secret-name.ts'
import { otpauthUri, secretBytes, stepOf } from './totp.ts'

/** Whose session acts. */
export interface Whose {
  readonly sub: string
  readonly sid: string
}

/** What an authenticator app is told. */
export interface NewSecret {
  /** In base32, to be typed. */
  readonly secret: string
  readonly uri: string
  /** An SVG document. */
  readonly qr: string
}

export interface FactorService {
  /** Begins with an authenticator app; `confirmTotp` in this session ends it. @throws {SignetError} `second_factor_off`, `email_unverified`, `not_found` */
  startTotp(whose: Whose): Promise<NewSecret>
  /**
   * Adds the app, in place of the one before, once it has shown a code.
   * @returns recovery codes, which take the place of all others
   * @throws {SignetError} `second_factor_off`, `email_unverified`, `invalid_code`, also when nothing was begun, or ten minutes ago
   */
  confirmTotp(whose: Whose, code: string, client: Client): Promise<string[]>
  /** @throws {SignetError} `not_found`, `last_way_in` */
  removeTotp(whose: Whose, client: Client): Promise<void>
  /** New recovery codes; those of before are void. @throws {SignetError} `not_found` when there is no factor */
  replaceCodes(whose: Whose, client: Client): Promise<string[]>
}

const kind = 'totp'
const enrolmentSeconds = 600

export function createFactorService(dependencies: {
  users: Pick<UserStore, 'findById'>
  factors: FactorStore
  challenges: ChallengeStore
  dataKey: DataKey
  clock: Clock
  revocations: Pick<Revocations, 'add'>
  audit: Audit
  mailsTo: MailsTo
  settings: { readonly secondFactor: SecondFactorMode; readonly publicUrl: string }
}): FactorService {
  const { users, factors, challenges, dataKey, clock, revocations, audit, mailsTo, settings } = dependencies
  const { secondFactor: mode } = settings
  const issuer = new URL(settings.publicUrl).hostname

  async function startTotp({ sub, sid }: Whose): Promise<NewSecret> {
    const user = await userOf(sub)
    requireMayEnrol(user, mode)
    const { userId, username, credentialsVersion } = user
    const bytes = randomBytes(secretBytes)
    const data = dataKey.seal(bytes, secretName(userId))
    await challenges.open({ challengeId: enrolmentOf(sid), kind, userId, credentialsVersion, data }, enrolmentSeconds)
    const secret = base32(bytes)
    const uri = otpauthUri(issuer, username, secret)
    return { secret, uri, qr: await qrCode(uri) }
  }

  async function confirmTotp({ sub, sid }: Whose, code: string, client: Client): Promise<string[]> {
    requireOn(mode)
    const challenge = await challenges.find(enrolmentOf(sid), kind)
    const data = challenge?.data ?? undefined
    const digits = code.replace(/\s/g, '')
    const lastStep = data && stepOf(dataKey.open(data, secretName(sub)), digits, clock())
    if (!data || typeof lastStep !== 'number') throw notConfirmed()
    const user = await userOf(sub)
    requireMayEnrol(user, mode)
    const factorId = randomBytes(16).toString('base64url')
    const codes = newRecoveryCodes()
    const change = await factors.add(
      { factorId, userId: sub, kind, name: null, lastStep, data },
      {
        challengeId: enrolmentOf(sid),
        keep: sid,
        isOnly: true,
        codes: namesOf(sub, codes),
        mails: mailsTo(user, 'factor_added', client),
      },
    )
    if (!change) throw notConfirmed()
    noteChange('factor.added', change, { sub, sid, ip: client.ip })
    return codes
  }

  async function removeTotp({ sub, sid }: Whose, client: Client): Promise<void> {
    const allow = (user: User, left: Parameters<typeof requireWayIn>[1]) => requireWayIn(user, left, mode)
    const mails = mailsTo(await userOf(sub), 'factor_removed', client)
    const change = await factors.remove(sub, { kind }, { keep: sid, allow, mails })
    if (!change) throw new SignetError('not_found', 'there is no authenticator app')
    noteChange('factor.removed', change, { sub, sid, ip: client.ip })
  }

  async function replaceCodes({ sub, sid }: Whose, client: Client): Promise<string[]> {
    const user = await userOf(sub)
    const codes = newRecoveryCodes()
    const mails = mailsTo(user, 'recovery_codes_made', client)
    const isDone = await factors.replaceCodes(sub, namesOf(sub, codes), { mails })
    if (!isDone) throw new SignetError('not_found', 'there is no factor that a recovery code could stand in for')
    audit({ event: 'recovery_codes.made', sub, sid, ip: client.ip })
    return codes
  }

  function noteChange(
    event: 'factor.added' | 'factor.removed',
    { ended }: FactorChange,
    about: { sub: string; sid: string; ip: string },
  ): void {
    audit({ event, ...about, factor: kind, sessionsEnded: refuseTokensOf(ended, revocations) })
  }

  async function userOf(userId: string): Promise<User> {
    const user = await users.findById(userId)
    if (!user) throw new SignetError('not_found', 'no such user')
    return user
  }

  const namesOf = (userId: string, codes: readonly string[]) =>
    codes.map(code => dataKey.hmac(codeName(userId, canonicalCode(code) ?? '')))

  return { startTotp, confirmTotp, removeTotp, replaceCodes }
}

/** One at a time for each session, which alone can go on with it. */
function enrolmentOf(sid: string): string {
  return `totp ${sid}`
}

function notConfirmed(): SignetError {
  return new SignetError('invalid_code', 'the code is wrong, or no enrolment was begun in this session')
}
