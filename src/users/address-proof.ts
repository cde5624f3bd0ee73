/**
 * Proving that an address is one's own, changing it, and taking a change back. Until somebody shows what was sent to an
 * address, it is nobody's: whoever registered it first has no way in left once its owner comes.
 */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { Authentication } from '../login/authentication.ts'
import type { Mailer } from '../mail/mailer.ts'
import { newMail } from '../mail/new-mail.ts'
import { linkSeconds, mostAnHour } from '../mail/purposes.ts'
import { invalidLink, requireMailer } from '../mail/refusals.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { Mail, MailStore, UpdateOptions, User, UserChanges, UserStore } from '../stores/stores.ts'
import type { Accounts } from './accounts.ts'
import { deliverable } from './address.ts'
import { isSomebodyElses } from './recovery.ts'
import type { Registration } from './registration.ts'

/** What may come with a link to show that the account is the clicker's as well. */
export interface Proof {
  readonly token: string
  readonly password?: string
  /** Of an access token. */
  readonly userId?: string | undefined
}

export interface AddressProof {
  /**
   * Does what the link is for.
   * @throws {SignetError} `mail_off`, `invalid_link`; `invalid_credentials`, `too_many_attempts`, `overloaded` of the password
   */
  verify(proof: Proof, client: Client): Promise<void>
  /**
   * Begins a change of address: the new one gets a link, the old one stays until it is followed. For an address that is
   * not proven yet, sends its link again.
   * @param whose the session that asks: a change that whoever stole it asks for must not outlive it
   * @throws {SignetError} `mail_off`, `invalid_request`, `email_unverified`, `too_many_attempts`, `token_revoked`
   */
  change(whose: { readonly sub: string; readonly sid: string }, email: string, client: Client): Promise<void>
  /** The address the user is changing to. */
  pending(userId: string): Promise<string | null>
  /**
   * Lets in whoever has given the right password, unless the address must be proven first: then a link is sent again.
   * @throws {SignetError} `email_unverified`
   */
  admit(user: User, client: Client): Promise<void>
}

export function createAddressProof(dependencies: {
  mailer: Mailer | undefined
  mails: MailStore
  users: Pick<UserStore, 'update'>
  accounts: Pick<Accounts, 'get'>
  registration: Pick<Registration, 'finish'>
  authentication: Pick<Authentication, 'checkPassword'>
  /** Whether an address must be proven before its account can be used. */
  isRequired: boolean
  revocations: Pick<Revocations, 'add'>
  audit: Audit
}): AddressProof {
  const { mails, users, accounts, registration, authentication, isRequired, revocations, audit } = dependencies

  async function verify(proof: Proof, client: Client): Promise<void> {
    const { follow, languageFor } = requireMailer(dependencies.mailer)
    const { mail, user } = await follow(proof.token, 'verify', 'register', 'change', 'undo')
    const language = languageFor(client.acceptLanguage)
    if (mail.purpose === 'register') return registration.finish(mail, proof.password, client)
    if (!user || mail.address === null) throw invalidLink()
    if (mail.purpose === 'undo') return undo(user, mail.address, mail, language, client)
    if (mail.purpose === 'verify' && (user.emailVerified || user.email !== mail.address)) throw invalidLink()
    if (!user.emailVerified) return proveFirst(user, mail.address, mail, proof, client)
    return move(user, mail.address, mail, language, client)
  }

  /**
   * The account has had no proven address. Somebody else may have made it, and waits for the owner of the address to follow
   * the link: so every session ends, and password and factors go, unless whoever follows it shows that they are theirs.
   */
  async function proveFirst(user: User, address: string, mail: Mail, proof: Proof, client: Client): Promise<void> {
    const isOwn = proof.userId === user.userId
    if (!isOwn && proof.password !== undefined)
      await authentication.checkPassword(user.username, proof.password, client)
    const keepsPassword = isOwn || proof.password !== undefined
    const changes = { email: address, ...(!keepsPassword && { passwordHash: null }) }
    const options = { spend: mail.id, proves: address, end: 'email_changed' } as const
    await act('email.verified', user, changes, { ...options, ...(!keepsPassword && { dropsFactorsSince: 0 }) }, client)
  }

  async function move(user: User, address: string, mail: Mail, language: string, client: Client): Promise<void> {
    const back = newMail('undo', user.userId, user.email, language)
    const changes = { email: address, ...nameWith(user, address) }
    await act('email.changed', user, changes, { spend: mail.id, proves: address, mails: [back] }, client)
  }

  /** Whatever came after: a password that a hijacker set is void, and the address of before gets a link for a new one. */
  async function undo(user: User, address: string, mail: Mail, language: string, client: Client): Promise<void> {
    const changes = { email: address, ...nameWith(user, address), passwordHash: null }
    const mailsOfIt = [newMail('reset', user.userId, address, language)]
    // Whoever asked for the change may have added a factor before the link was followed, which may be as late as it is good.
    const since = { undoes: mail.createdAt, dropsFactorsSince: mail.createdAt - linkSeconds.change }
    const options = { spend: mail.id, ...since, mails: mailsOfIt, end: 'email_changed' } as const
    await act('email.restored', user, changes, options, client)
  }

  async function act(
    event: 'email.verified' | 'email.changed' | 'email.restored',
    { userId, credentialsVersion: ifVersion }: User,
    changes: UserChanges,
    options: UpdateOptions,
    client: Client,
  ): Promise<void> {
    const outcome = await users.update(userId, changes, { ...options, ifVersion }).catch(isSomebodyElses)
    if (!outcome) throw invalidLink()
    audit({ event, sub: userId, ip: client.ip, sessionsEnded: refuseTokensOf(outcome.ended, revocations) })
  }

  async function change({ sub: userId, sid }: { sub: string; sid: string }, wanted: string, client: Client) {
    const { languageFor } = requireMailer(dependencies.mailer)
    const address = deliverable(wanted)
    const { email, emailVerified } = await accounts.get(userId)
    if (emailVerified && address === email) return
    if (email !== null && !emailVerified && address !== email) {
      throw new SignetError('email_unverified', 'the address of now is not proven')
    }
    const purpose = address === email ? 'verify' : 'change'
    const mail = newMail(purpose, userId, address, languageFor(client.acceptLanguage))
    if (!(await mails.replace(mail, mostAnHour, sid))) {
      throw new SignetError('too_many_attempts', 'enough mails for this hour', { retryAfterSeconds: 3600 })
    }
    audit({ event: 'email.change_asked', sub: userId, ip: client.ip })
  }

  async function admit({ userId, email, emailVerified }: User, client: Client): Promise<void> {
    if (!isRequired || email === null || emailVerified) return
    const { languageFor } = requireMailer(dependencies.mailer)
    await mails.replace(newMail('verify', userId, email, languageFor(client.acceptLanguage)), mostAnHour)
    throw new SignetError('email_unverified', 'the address is not proven yet')
  }

  return { verify, change, pending: mails.pendingAddress, admit }
}

/** A name that is the address follows it. */
function nameWith({ username }: User, address: string): UserChanges {
  return username.includes('@') ? { username: address } : {}
}
