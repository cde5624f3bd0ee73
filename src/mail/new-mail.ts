/** A mail to write with a change: which, for whom, where to and in which language. */
import { randomBytes } from 'node:crypto'
import type { MailPurpose, NewMail } from '../stores/stores.ts'
import { lastsSeconds } from './purposes.ts'

export function newMailId(): string {
  return randomBytes(16).toString('base64url')
}

export function newMail<U extends string | null>(
  purpose: MailPurpose,
  userId: U,
  address: string | null,
  language: string,
): NewMail & { readonly userId: U } {
  return { id: newMailId(), purpose, userId, address, language, lastsSeconds: lastsSeconds(purpose) }
}

/** The same to a user, if there is an address that is proven to be theirs. */
export function noticeTo(
  user: { readonly userId: string; readonly email: string | null; readonly emailVerified: boolean },
  purpose: MailPurpose,
  language: string,
): (NewMail & { readonly userId: string })[] {
  return user.emailVerified ? [newMail(purpose, user.userId, user.email, language)] : []
}
