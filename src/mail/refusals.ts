/** What is said where there is no mail, and to a link that is worth nothing: apart, so that without mail nothing else is loaded. */
import { SignetError } from '../base/errors.ts'
import type { Mailer } from './mailer.ts'

export function invalidLink(): SignetError {
  return new SignetError('invalid_link', 'the link is wrong, too old or spent, or what it is about has changed')
}

/** @throws {SignetError} `mail_off` */
export function requireMailer(mailer: Mailer | undefined): Mailer {
  if (mailer) return mailer
  throw new SignetError('mail_off', 'neither SMTP_URL nor MAIL_WEBHOOK_URL is set')
}
