/** What the rest of the house has of mail: links that can be checked, names that can be sealed, and somebody who sends. */
import { createHmac } from 'node:crypto'
import type { Audit } from '../base/audit.ts'
import { deriveKey } from '../keys/secret.ts'
import type { LimitStore, Mail, MailPurpose, MailStore, User, UserStore } from '../stores/stores.ts'
import { chooseLanguage } from './languages.ts'
import { createMailLinks, rowOf } from './links.ts'
import type { Mailing } from './mailing.ts'
import { mostToAnAddress } from './purposes.ts'
import { invalidLink } from './refusals.ts'
import { createTypedNames, type TypedNames } from './typed-name.ts'
import { createMailWorker, type MailWorker } from './worker.ts'

export interface Mailer {
  readonly worker: MailWorker
  readonly typedNames: TypedNames
  /** @param acceptLanguage of the request that leads to a mail */
  languageFor(acceptLanguage: string | undefined): string
  /**
   * What a link is for, as of now.
   * @throws {SignetError} `invalid_link` when it is none of these, too old, or spent, or what it is about has changed
   */
  follow<P extends MailPurpose>(
    token: string,
    ...purposes: P[]
  ): Promise<{ mail: Mail & { readonly purpose: P }; user: User | undefined }>
}

export function createMailer(parts: {
  mailing: Mailing
  mails: MailStore
  users: Pick<UserStore, 'findById' | 'findByEmail' | 'findByUsername'>
  limits: Pick<LimitStore, 'increment'>
  secrets: readonly [string, ...string[]]
  salt: Buffer
  publicUrl: string
  audit: Audit
  log: Record<'warn' | 'error', (fields: object, message: string) => void>
}): Mailer {
  const { mailing, mails, limits, secrets, salt, publicUrl } = parts
  const links = createMailLinks(secrets, salt)
  const typedNames = createTypedNames(secrets, salt)
  const service = new URL(publicUrl).host // never that of a request

  const addressKey = deriveKey(secrets[0], salt, 'signet mail address')
  async function mayWriteTo(address: string): Promise<boolean> {
    const key = createHmac('sha256', addressKey).update(address).digest('base64url')
    return (await limits.increment(`mail:${key}`, 3600)).count <= mostToAnAddress
  }

  async function follow<P extends MailPurpose>(token: string, ...purposes: P[]) {
    const id = rowOf(token)
    const found = id === undefined ? undefined : await mails.find(id)
    if (!found || !isOneOf(found.mail, purposes) || !links.isTokenOf(token, found.mail, found.user)) throw invalidLink()
    return { mail: found.mail, user: found.user }
  }

  return {
    worker: createMailWorker({ ...parts, ...mailing, links, typedNames, service, mayWriteTo }),
    typedNames,
    languageFor: acceptLanguage =>
      chooseLanguage(acceptLanguage, mailing.templates.languages, mailing.settings.language),
    follow,
  }
}

function isOneOf<P extends MailPurpose>(mail: Mail, purposes: readonly P[]): mail is Mail & { readonly purpose: P } {
  return (purposes as readonly string[]).includes(mail.purpose)
}
