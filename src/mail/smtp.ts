/** Mail by SMTP, in the words of nodemailer. Addresses go in as they are checked, never as a text that is parsed again. */
import { createTransport } from 'nodemailer'
import type { MailSettings, SmtpSettings } from '../config/mail-settings.ts'
import { DeliveryError, type Transport } from './transport.ts'

/** A server that says nothing for so many milliseconds says nothing more. */
const usualPatience = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 }

export function createSmtp(
  { host, port, tls, login }: SmtpSettings,
  from: MailSettings['from'],
  patience = usualPatience,
): Transport {
  const transport = createTransport({
    host,
    port,
    secure: tls === 'at once',
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'off',
    ...(login && { auth: login }),
    ...patience,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)

  return {
    async send({ id, to, subject, text, html }, signal) {
      try {
        await transport.sendMail({
          messageId: `<${id}@${domain}>`,
          from,
          to: { name: '', address: to },
          subject,
          text,
          html,
          signal,
          // RFC 3834: nobody's holiday notice comes back.
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
      } catch (error) {
        throw deliveryError(error as Refusal)
      }
    },
  }
}

interface Refusal extends Error {
  readonly code?: string
  readonly command?: string
  readonly response?: string
  readonly responseCode?: number
  readonly permanent?: boolean
}

/** Refused for good is the sender, the recipient or the mail; that we may not log in is our own mistake, to be mended. */
function deliveryError(error: Refusal): DeliveryError {
  const isFinal = error.permanent === true && (error.code === 'EENVELOPE' || error.code === 'EMESSAGE')
  // Not the server's words: some repeat the mail in them, and its link with it.
  const [status] = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(error.response ?? '') ?? []
  const parts = [error.responseCode, status, error.code, error.command]
  return new DeliveryError(parts.filter(part => part !== undefined).join(' ') || error.name, isFinal)
}
