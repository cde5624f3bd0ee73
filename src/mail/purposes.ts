/** What mails are for, and how long what is in them is good. */
import type { LinkPurpose, MailPurpose, NoticePurpose } from '../stores/stores.ts'

const day = 86_400

export const linkSeconds: Readonly<Record<LinkPurpose, number>> = {
  reset: 1800,
  invite: 7 * day, // an administrator's: nobody is waiting for it at a screen
  verify: day,
  register: day,
  change: day,
  undo: 7 * day,
}

const noticePurposes: Readonly<Record<NoticePurpose, true>> = {
  registered_already: true,
  password_changed: true,
  factor_added: true,
  factor_removed: true,
  recovery_codes_made: true,
  codes_guessed: true,
}

/** What there is a template for. */
export type TemplateName = LinkPurpose | NoticePurpose

export const templateNames = Object.keys({ ...linkSeconds, ...noticePurposes }) as TemplateName[]

export function isLinkPurpose(purpose: string): purpose is LinkPurpose {
  return purpose in linkSeconds
}

/** Seconds for which a mail is worth sending: as long as its link is good, or while news is news. */
export function lastsSeconds(purpose: MailPurpose): number {
  if (purpose === 'forgot') return linkSeconds.reset
  return isLinkPurpose(purpose) ? linkSeconds[purpose] : 2 * day
}

/** So many mails of one kind an hour are for one person; more are somebody's play. */
export const mostAnHour = 3

/** What strangers can have sent to any address: it is limited by the address, or who registers often enough floods it. */
export function isForAnyAddress(purpose: string): boolean {
  return purpose === 'verify' || purpose === 'register' || purpose === 'change'
}

/** So many of those an hour go to one address, whoever asked for them. */
export const mostToAnAddress = 5
