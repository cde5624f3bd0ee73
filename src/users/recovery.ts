/** A new password by a link, for whoever has forgotten the old one or never had one. */
import { createHmac } from 'node:crypto'
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { LoginLimit } from '../login/login-limit.ts'
import type { Mailer } from '../mail/mailer.ts'
import { newMail, newMailId, noticeTo } from '../mail/new-mail.ts'
import { linkSeconds, mostAnHour } from '../mail/purposes.ts'
import { invalidLink, requireMailer } from '../mail/refusals.ts'
import { accountName } from '../names/username.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { PasswordPolicy } from '../passwords/password-policy.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { MailStore, UserStore } from '../stores/stores.ts'
import type { Actor } from './account.ts'
import type { Accounts } from './accounts.ts'

export interface Recovery {
  /**
   * Notes that somebody has forgotten a password: the same work for every name, which is looked up later.
   * @throws {SignetError} `mail_off`
   */
  forget(typed: string, client: Client): Promise<void>
  /**
   * Sets a password by a link, ends all sessions and the waits of the account, and tells the owner.
   * @throws {SignetError} `mail_off`, `invalid_link`, `overloaded`; `invalid_request` when the password is refused
   */
  reset(token: string, newPassword: string, client: Client): Promise<void>
  /**
   * Sends a link that sets the password, to whatever address the user has: following it proves the address.
   * @throws {SignetError} `mail_off`, `not_found`, `too_many_attempts`; `invalid_request` without an address
   */
  sendLink(userId: string, by: Actor, client: Pick<Client, 'acceptLanguage'>): Promise<void>
}

/** More than that is a mistake of a script. */
const mostLinksAnHour = 10

export function createRecovery(dependencies: {
  mailer: Mailer | undefined
  mails: MailStore
  users: Pick<UserStore, 'update'>
  accounts: Pick<Accounts, 'get'>
  /** A derived key: a dump tells no names. */
  nameKey: Buffer
  hasher: PasswordHasher
  policy: PasswordPolicy
  limit: Pick<LoginLimit, 'nameless'>
  /**
   * Ends the waits after wrong passwords. Not those after wrong codes: else whoever reads the owner's mail has a handful of
   * free guesses with every link.
   */
  liftPasswordWaits: (userId: string) => Promise<void>
  revocations: Pick<Revocations, 'add'>
  audit: Audit
}): Recovery {
  const { mails, users, accounts, nameKey, hasher, policy, limit, liftPasswordWaits, revocations, audit } = dependencies

  async function forget(typed: string, client: Client): Promise<void> {
    const { typedNames, languageFor } = requireMailer(dependencies.mailer)
    const account = accountName(typed)
    const id = newMailId()
    const name = {
      id,
      nameKey: createHmac('sha256', nameKey).update(`forgotten\0${account}`).digest('base64url'),
      typed: typedNames.seal(typed, id),
      language: languageFor(client.acceptLanguage),
      lastsSeconds: linkSeconds.reset,
    }
    await mails.forget(name, mostAnHour)
    audit({ event: 'password.forgotten', account: limit.nameless(account), ip: client.ip })
  }

  async function reset(token: string, newPassword: string, client: Client): Promise<void> {
    const { follow, languageFor } = requireMailer(dependencies.mailer)
    const { mail, user } = await follow(token, 'reset', 'invite')
    // An administrator's link may go to an address that nobody has proven yet; whoever follows it proves it.
    if (!user || user.email === null || user.email !== mail.address) throw invalidLink()
    const { userId, email, emailVerified } = user
    await policy.check(newPassword, user.username, '/new_password')
    const passwordHash = await hasher.hash(newPassword, client)
    const outcome = await users
      .update(
        userId,
        { passwordHash, ...(!emailVerified && { email }) },
        {
          ifVersion: user.credentialsVersion,
          spend: mail.id,
          mails: noticeTo({ ...user, emailVerified: true }, 'password_changed', languageFor(client.acceptLanguage)),
          // Factors of an account whose address nobody had proven may be somebody else's.
          ...(!emailVerified && { proves: email, dropsFactorsSince: 0 }),
        },
      )
      .catch(isSomebodyElses)
    if (!outcome) throw invalidLink()
    const sessionsEnded = refuseTokensOf(outcome.ended, revocations)
    audit({ event: 'password.reset', sub: userId, ip: client.ip, sessionsEnded })
    await liftPasswordWaits(userId)
  }

  async function sendLink(
    userId: string,
    by: Actor,
    { acceptLanguage }: Pick<Client, 'acceptLanguage'>,
  ): Promise<void> {
    const { languageFor } = requireMailer(dependencies.mailer)
    const { email } = await accounts.get(userId)
    if (email === null) {
      const mistakes = [{ pointer: '', detail: 'the user has no e-mail address to send a link to' }]
      throw new SignetError('invalid_request', 'the user has no address', { mistakes })
    }
    const mail = newMail('invite', userId, email, languageFor(acceptLanguage))
    if (!(await mails.replace(mail, mostLinksAnHour))) {
      throw new SignetError('too_many_attempts', 'enough links for this hour', { retryAfterSeconds: 3600 })
    }
    audit({ event: 'password.link_sent', sub: userId, ...by })
  }

  return { forget, reset, sendLink }
}

/** An address that somebody else has by now: the link is one to nothing. */
export function isSomebodyElses(error: unknown): undefined {
  if (!(error instanceof SignetError && error.code === 'taken')) throw error
}
