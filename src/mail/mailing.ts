/** All that mail needs and that belongs to no database: read once at the start, where a mistake stops it. */
import type { Clock } from '../base/clock.ts'
import type { MailSettings } from '../config/mail-settings.ts'
import { openTransport } from './open-transport.ts'
import { type MailTemplates, readTemplates } from './templates.ts'
import type { Message, Transport } from './transport.ts'

export interface Mailing {
  readonly settings: MailSettings
  readonly templates: MailTemplates
  readonly transport: Transport
  /** What was sent to `memory:`, the newest last. */
  readonly mailbox: readonly Message[]
}

/** @throws {Error} when there is a mistake in a template, or no template of the language */
export async function openMailing(settings: MailSettings, clock: Clock): Promise<Mailing> {
  const mailbox: Message[] = []
  const templates = readTemplates(settings.templates)
  const { languages } = templates
  if (!languages.includes(settings.language)) {
    throw new Error(`MAIL_LANGUAGE: there is no template of ${settings.language}, there are ${languages.join(', ')}`)
  }
  return { settings, templates, transport: await openTransport(settings, clock, mailbox), mailbox }
}
