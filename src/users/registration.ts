/** Registering oneself: at once, or, where an address is to be proven first, when its link is followed. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type { EmailVerification } from '../config/mail-settings.ts'
import type { LoginLimit } from '../login/login-limit.ts'
import type { Mailer } from '../mail/mailer.ts'
import { newMail } from '../mail/new-mail.ts'
import { invalidLink, requireMailer } from '../mail/refusals.ts'
import { newUsername } from '../names/username.ts'
import type { PasswordHasher } from '../passwords/password-hash.ts'
import type { PasswordPolicy } from '../passwords/password-policy.ts'
import type { Mail, MailStore, User, UserStore } from '../stores/stores.ts'
import { deliverable, refused } from './address.ts'
import { isSomebodyElses } from './recovery.ts'
import { newUserId } from './user-id.ts'

export interface NewRegistration {
  readonly username?: string
  readonly password: string
  readonly email?: string
}

export interface Registration {
  /**
   * @returns the user; undefined when there will be one once the address is proven
   * @throws {SignetError} `invalid_request`, `taken`, `overloaded`, `mail_off`
   */
  register(account: NewRegistration, client: Client): Promise<User | undefined>
  /**
   * Makes the account of a registration whose link was followed.
   * @param password the one chosen at the registration; without it the account has none, since somebody else may have
   *   registered the address
   * @throws {SignetError} `invalid_link`, `invalid_credentials`, `too_many_attempts`, `overloaded`
   */
  finish(mail: Mail, password: string | undefined, client: Client): Promise<void>
}

export function createRegistration(dependencies: {
  mailer: Mailer | undefined
  mails: MailStore
  users: Pick<UserStore, 'create'>
  verification: EmailVerification
  hasher: PasswordHasher
  policy: PasswordPolicy
  limit: LoginLimit
  audit: Audit
}): Registration {
  const { mailer, mails, users, verification, hasher, policy, limit, audit } = dependencies

  async function register(account: NewRegistration, client: Client): Promise<User | undefined> {
    const email = account.email === undefined ? null : deliverable(account.email)
    const username = nameOf(account.username, email)
    // An account that has no name but its address is there when the address is proven: until then it would have none.
    const waits = email !== null && (username === null || verification === 'required')
    if (waits) requireMailer(mailer)
    await policy.check(account.password, username ?? email ?? '', '/password')
    const passwordHash = await hasher.hash(account.password, client)
    return waits
      ? await hold(username, email, passwordHash, client)
      : create(username ?? '', email, passwordHash, client)
  }

  /** @returns null when the address is to be the name */
  function nameOf(wanted: string | undefined, email: string | null): string | null {
    if (wanted === undefined && email === null) throw refused('/username', 'must be given where no address is')
    if (wanted === undefined) return null
    const named = newUsername(wanted, email)
    if ('mistake' in named) throw refused('/username', named.mistake)
    return named.username === email ? null : named.username
  }

  async function create(username: string, email: string | null, passwordHash: string, client: Client): Promise<User> {
    const user = { userId: newUserId(), username, email, emailVerified: false, role: 'user', passwordHash }
    const asks = email !== null && mailer && verification !== 'off'
    const link = asks ? [newMail('verify', user.userId, email, mailer.languageFor(client.acceptLanguage))] : []
    const created = await users.create(user, { mails: link })
    audit({ event: 'user.registered', sub: user.userId, ip: client.ip })
    return created
  }

  /** Nothing here depends on whether somebody has the address: that is found out when the mail is sent. */
  async function hold(
    username: string | null,
    email: string,
    passwordHash: string,
    client: Client,
  ): Promise<undefined> {
    const language = requireMailer(mailer).languageFor(client.acceptLanguage)
    const waiting = { ...newMail('register', null, email, language), username, passwordHash }
    if (!(await mails.register(waiting))) throw new SignetError('taken', 'the name is taken or held')
    audit({ event: 'user.registering', ip: client.ip })
  }

  async function finish(mail: Mail, password: string | undefined, client: Client): Promise<void> {
    const { id, address, username, passwordHash } = mail
    if (address === null || passwordHash === null) throw invalidLink()
    const account = username ?? address
    if (password !== undefined) {
      const attempt = { account, userId: undefined, network: client.network, device: undefined }
      await limit.guard(await limit.reserve(attempt), attempt, () => checkPassword(password, passwordHash, client))
    }
    const user = {
      userId: newUserId(),
      username: account,
      email: address,
      role: 'user',
      passwordHash: password === undefined ? null : passwordHash,
    }
    const created = await users.create(user, { spend: id, proves: address }).catch(isSomebodyElses)
    if (!created) throw invalidLink()
    audit({ event: 'user.registered', sub: user.userId, ip: client.ip })
  }

  async function checkPassword(password: string, passwordHash: string, client: Client): Promise<void> {
    if ((await hasher.verify(password, passwordHash, {}, client)) !== 'wrong') return
    throw new SignetError('invalid_credentials', 'not the password of the registration')
  }

  return { register, finish }
}
