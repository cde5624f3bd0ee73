/** Chooses the way out for mail, and loads only that one. */
import type { Clock } from '../base/clock.ts'
import type { MailSettings } from '../config/mail-settings.ts'
import type { Message, Transport } from './transport.ts'

/** @param mailbox gets what is kept in this process */
export async function openTransport(
  { transport, from }: Pick<MailSettings, 'transport' | 'from'>,
  clock: Clock,
  mailbox: Message[],
): Promise<Transport> {
  if (transport.kind === 'smtp') return (await import('./smtp.ts')).createSmtp(transport, from)
  if (transport.kind === 'webhook') return (await import('./webhook.ts')).createWebhook(transport, clock)
  return {
    async send(message) {
      mailbox.push(message)
      if (mailbox.length > mostKept) mailbox.shift()
    },
  }
}

const mostKept = 100
