/** Puts the services together, once, for HTTP and for the command line. */
import type { Audit } from './base/audit.ts'
import type { Clock } from './base/clock.ts'
import { lazily } from './base/lazily.ts'
import type { Config } from './config/config.ts'
import { originOf } from './config/public-url.ts'
import { createCodeCheck } from './factors/code-check.ts'
import { createCodeLimit } from './factors/code-limit.ts'
import { createFactorService, type FactorService } from './factors/factor-service.ts'
import { createLoginChallenges } from './factors/login-challenge.ts'
import type { MailsTo } from './factors/notices.ts'
import { createPasskeyService, type PasskeyService } from './factors/passkey-service.ts'
import { createPasskeys } from './factors/passkeys.ts'
import { createFactorRemoval, type FactorRemoval } from './factors/removal.ts'
import { createSecondStep } from './factors/second-step.ts'
import { openDataKey } from './keys/data-key.ts'
import { createKeyRing, type KeyRing } from './keys/key-ring.ts'
import { deriveKey } from './keys/secret.ts'
import { createAuthentication } from './login/authentication.ts'
import { createLoginLimit } from './login/login-limit.ts'
import { createPasswordCheck } from './login/password-check.ts'
import type { Mailer } from './mail/mailer.ts'
import type { Mailing } from './mail/mailing.ts'
import { noticeTo } from './mail/new-mail.ts'
import type { PasswordHasher } from './passwords/password-hash.ts'
import { createPasswordPolicy, type PasswordPolicy } from './passwords/password-policy.ts'
import { createStandIns, type StandIns } from './passwords/stand-ins.ts'
import type { ClockLog } from './sessions/clock-watch.ts'
import { createRevocations, type Revocations } from './sessions/revocations.ts'
import { createSessionService, type SessionService } from './sessions/session-service.ts'
import type { Stores } from './stores/stores.ts'
import { createStepUp, type StepUp } from './tokens/step-up.ts'
import { createTokenIssuer } from './tokens/token-issuer.ts'
import { createTokenService, type TokenService } from './tokens/token-service.ts'
import { createTokenVerifier, type TokenVerifier } from './tokens/token-verifier.ts'
import { type Accounts, createAccounts } from './users/accounts.ts'
import { type AddressProof, createAddressProof } from './users/address-proof.ts'
import { createImportService, type ImportService } from './users/import/import-service.ts'
import { seedUsers } from './users/import/seed-users.ts'
import { createOwnAccount, type OwnAccount } from './users/own-account.ts'
import { createRecovery, type Recovery } from './users/recovery.ts'
import { createRegistration, type Registration } from './users/registration.ts'

/** What needs no secret: all of it for the command line. Each is made when it is first asked for. */
export interface Administration {
  readonly users: Accounts
  readonly sessions: SessionService
  readonly imports: ImportService
  readonly factorRemoval: FactorRemoval
  /** Inserts the users of a file, once in the life of the database. */
  seed(file: string): Promise<number>
}

export interface AdministrationParts {
  /** An operator's command removes what it likes, whatever is demanded. */
  readonly config: Pick<Config, 'hashThreads'> & Partial<Pick<Config, 'secondFactor'>>
  readonly stores: Stores
  readonly policy: PasswordPolicy
  /** A getter, where not every act needs one. */
  readonly hasher: PasswordHasher
  readonly revocations: Pick<Revocations, 'add'>
  readonly audit: Audit
  /** None: nobody is told by mail. */
  readonly mailsTo?: MailsTo
}

export function createAdministration(parts: AdministrationParts): Administration {
  const { config, stores, policy, revocations, audit } = parts
  const { users, sessions, attempts: limit } = stores
  const hashing = () => ({ users, hasher: parts.hasher, policy, audit })
  return lazily<Administration>({
    users: () => createAccounts({ ...hashing(), limit, revocations }),
    sessions: () => createSessionService({ sessions, revocations, audit }),
    imports: () => createImportService({ ...hashing(), hashesAtOnce: 4 * config.hashThreads }),
    factorRemoval: () =>
      createFactorRemoval({
        users,
        factors: stores.factors,
        limit,
        revocations,
        audit,
        mailsTo: parts.mailsTo ?? (() => []),
        mode: config.secondFactor ?? 'off',
      }),
    seed: () => file => seedUsers(hashing(), file),
  })
}

/** What a running service is. */
export interface Domain extends Pick<Administration, 'users' | 'sessions' | 'factorRemoval'> {
  readonly ownAccount: OwnAccount
  readonly stepUp: StepUp
  readonly registration: Registration
  readonly recovery: Recovery
  readonly addressProof: AddressProof
  /** undefined: no mail. */
  readonly mailer: Mailer | undefined
  readonly secondFactors: FactorService
  readonly passkeys: PasskeyService
  readonly tokens: TokenService
  readonly verifier: TokenVerifier
  readonly revocations: Revocations
  readonly standIns: StandIns
  readonly keys: KeyRing
}

export interface DomainParts extends Omit<AdministrationParts, 'config' | 'policy' | 'revocations' | 'mailsTo'> {
  readonly config: Config
  readonly clock: Clock
  readonly log: ClockLog & Record<'warn' | 'error', (fields: object, message: string) => void>
  /** undefined: no mail. */
  readonly mailing: Mailing | undefined
}

/**
 * All services, the first users in the database, and what was revoked in memory: so that nobody meets a service without.
 * @throws {SignetError} `unavailable` while the database is away
 * @throws {Error} when the seed file or the key ring cannot be read
 */
export async function openDomain(parts: DomainParts): Promise<Domain> {
  const { config, clock, stores, hasher, audit, log, mailing } = parts
  const { users, mails, salt } = stores
  const keys = await createKeyRing({ ...config, salt, store: stores.keys, settings: config, audit })
  const dataKey = await openDataKey({ ...config, salt, store: stores.keys })
  const revocations = createRevocations(stores.sessions, clock, config.accessTokenSeconds, { log })
  const policy = createPasswordPolicy(config.passwordMinLength, config.passwordHash)
  const mailer =
    mailing && (await mailerOf({ ...config, mailing, mails, users, limits: stores.limits, salt, audit, log }))
  const mailsTo: MailsTo = (user, notice, client) =>
    mailer ? noticeTo(user, notice, mailer.languageFor(client?.acceptLanguage)) : []
  const administration = createAdministration({ config, stores, hasher, policy, revocations, audit, mailsTo })
  if (config.seedUsersFile) await administration.seed(config.seedUsersFile)

  const standIns = createStandIns({ users, hasher, salt, clock })
  const nameKey = deriveKey(config.secrets[0], salt, 'signet account name')
  const limit = createLoginLimit(stores.attempts, nameKey, config.loginFreeFailures)
  const check = createPasswordCheck({ users, hasher, standIns, audit })
  const authentication = createAuthentication({ users, limit, check, audit })
  const { factors, challenges } = stores
  const codeLimit = createCodeLimit(stores.attempts, deriveKey(config.secrets[0], salt, 'signet code attempts'))
  const checkCode = createCodeCheck({ factors, limit: codeLimit, dataKey, clock, audit, mailsTo, mails })
  const rp = { id: config.passkeyRpId, origins: [originOf(config.publicUrl), ...config.cookieOrigins] }
  const passkeys = createPasskeys({ users, factors, challenges, rp, audit })
  const secondStep = createSecondStep({
    users,
    factors,
    challenges: createLoginChallenges({ secrets: config.secrets, salt, store: challenges }),
    check: checkCode,
    limit: codeLimit,
    passkeys,
    audit,
  })
  const issuer = createTokenIssuer(keys, config)
  const verifier = createTokenVerifier({ keys, revocations, clock, settings: config })
  await standIns.refresh()
  await revocations.poll()

  const { users: accounts, sessions, factorRemoval } = administration
  const common = { mailer, mails, users, accounts, hasher, policy, limit, revocations, authentication, audit }
  const registration = createRegistration({ ...common, verification: config.emailVerification })
  const isRequired = config.emailVerification === 'required'
  const addressProof = createAddressProof({ ...common, registration, isRequired })
  return {
    users: accounts,
    sessions,
    stepUp: createStepUp({ users, sessions: stores.sessions, authentication, checkCode, passkeys, issuer, audit }),
    ownAccount: createOwnAccount(common),
    registration,
    recovery: createRecovery({
      ...common,
      nameKey,
      liftPasswordWaits: userId => stores.attempts.lift(userId, codeLimit.bucketOf(userId)),
    }),
    addressProof,
    mailer,
    secondFactors: createFactorService({
      users,
      factors,
      challenges,
      dataKey,
      clock,
      revocations,
      audit,
      mailsTo,
      settings: config,
    }),
    passkeys: createPasskeyService({ users, factors, passkeys, revocations, audit, mailsTo, settings: config }),
    factorRemoval,
    tokens: createTokenService({
      sessions: stores.sessions,
      authentication,
      admit: addressProof.admit,
      secondStep,
      passkeys,
      issuer,
      verifier,
      revocations,
      audit,
      settings: config,
    }),
    verifier,
    revocations,
    standIns,
    keys,
  }
}

/** Loaded when there is mail at all. */
async function mailerOf(parts: Parameters<typeof import('./mail/mailer.ts').createMailer>[0]): Promise<Mailer> {
  const { createMailer } = await import('./mail/mailer.ts')
  return createMailer(parts)
}
