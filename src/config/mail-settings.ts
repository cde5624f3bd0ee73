/** Where mail goes and what its links lead to. Mail is on when one of `SMTP_URL` and `MAIL_WEBHOOK_URL` is given. */
import { isLoopback } from './rules.ts'
import type { Variables } from './variables.ts'

export interface SmtpSettings {
  readonly kind: 'smtp'
  readonly host: string
  readonly port: number
  /** From the first byte on, or by STARTTLS, which the server must then have. */
  readonly tls: 'at once' | 'required' | 'off'
  readonly login: { readonly user: string; readonly pass: string } | undefined
}

export interface WebhookSettings {
  readonly kind: 'webhook'
  readonly url: string
  /** The key of the signature (Standard Webhooks, "Signature scheme"). */
  readonly key: Buffer
}

/** A mailbox of this process. */
export interface MemorySettings {
  readonly kind: 'memory'
}

export interface MailSettings {
  readonly transport: SmtpSettings | WebhookSettings | MemorySettings
  readonly from: { readonly name: string; readonly address: string }
  /** Pages to which `#token=…` is added. */
  readonly resetUrl: string
  readonly verifyUrl: string
  /** A folder; undefined: the templates that come along. */
  readonly templates: string | undefined
  /** A tag in lower case: of whoever asks for none that there is. */
  readonly language: string
}

/** @returns undefined when there is no mail, or a mistake in it */
export function readMail(values: Variables, mistakes: string[]): MailSettings | undefined {
  const { SMTP_URL, MAIL_WEBHOOK_URL, MAIL_WEBHOOK_SECRET, LAB } = values
  if (SMTP_URL === undefined && MAIL_WEBHOOK_URL === undefined) return undefined
  if (SMTP_URL !== undefined && MAIL_WEBHOOK_URL !== undefined) {
    mistakes.push('SMTP_URL and MAIL_WEBHOOK_URL are both given: mail goes one way or the other')
  }
  const transport =
    SMTP_URL === undefined
      ? readWebhook(MAIL_WEBHOOK_URL ?? '', MAIL_WEBHOOK_SECRET, mistakes)
      : readSmtp(SMTP_URL, LAB, mistakes)
  const from = readFrom(values.MAIL_FROM, mistakes)
  const resetUrl = readPage('RESET_URL', values.RESET_URL, mistakes)
  const verifyUrl = readPage('VERIFY_URL', values.VERIFY_URL, mistakes)
  const texts = { templates: values.MAIL_TEMPLATES, language: languageOf(values) }
  return transport && from && { transport, from, resetUrl, verifyUrl, ...texts }
}

export function languageOf({ MAIL_LANGUAGE }: Pick<Variables, 'MAIL_LANGUAGE'>): string {
  return MAIL_LANGUAGE.toLowerCase()
}

export type EmailVerification = 'off' | 'optional' | 'required'

export function readEmailVerification(
  { EMAIL_VERIFICATION, SMTP_URL, MAIL_WEBHOOK_URL }: Variables,
  mistakes: string[],
): EmailVerification {
  const hasMail = SMTP_URL !== undefined || MAIL_WEBHOOK_URL !== undefined
  if (EMAIL_VERIFICATION === 'required' && !hasMail) {
    mistakes.push('EMAIL_VERIFICATION must not be required without mail: set SMTP_URL or MAIL_WEBHOOK_URL')
  }
  return EMAIL_VERIFICATION ?? (hasMail ? 'optional' : 'off')
}

function readSmtp(text: string, lab: boolean, mistakes: string[]): SmtpSettings | MemorySettings | undefined {
  if (text === 'memory:') {
    if (!lab) mistakes.push('SMTP_URL must not be memory: without LAB: such mail reaches nobody')
    return { kind: 'memory' }
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isSmtps = url?.protocol === 'smtps:'
  const isOff = url?.search === '?tls=off' && !isSmtps
  const login = url && loginOf(url)
  if (
    !url ||
    !/^smtps?:$/.test(url.protocol) ||
    !url.hostname ||
    !/^\/?$/.test(url.pathname) ||
    url.hash ||
    login === null
  ) {
    mistakes.push(
      'SMTP_URL must be smtp://USER:PASSWORD@HOST:PORT or smtps://…, what is special in them percent-encoded',
    )
    return undefined
  }
  if (url.search && !isOff) {
    mistakes.push('SMTP_URL knows no option but ?tls=off, and that one for smtp:// only')
    return undefined
  }
  return {
    kind: 'smtp',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (isSmtps ? 465 : 587), // RFC 8314 section 3.3, RFC 6409 section 3.1
    tls: isSmtps ? 'at once' : isOff ? 'off' : 'required',
    login,
  }
}

/** @returns null when it cannot be decoded */
function loginOf({ username, password }: URL): SmtpSettings['login'] | null {
  if (username === '') return password === '' ? undefined : null
  try {
    return { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  } catch {
    return null
  }
}

function readWebhook(text: string, secret: string | undefined, mistakes: string[]): WebhookSettings | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')))
  if (!url || !isSafe || url.username || url.password || url.hash) {
    mistakes.push('MAIL_WEBHOOK_URL must be an https URL (http on loopback), without a login in it')
  }
  const key = Buffer.from(secret?.replace(/^whsec_/, '') ?? '', 'base64')
  if (secret === undefined) mistakes.push('MAIL_WEBHOOK_SECRET is required with MAIL_WEBHOOK_URL')
  else if (!/^whsec_[A-Za-z0-9+/]+=*$/.test(secret) || key.length < 24 || key.length > 64) {
    mistakes.push('MAIL_WEBHOOK_SECRET must be whsec_ and 24 to 64 random bytes in base64')
  }
  return { kind: 'webhook', url: text, key }
}

/** An address, alone or as `Name <address>`. */
function readFrom(text: string | undefined, mistakes: string[]): MailSettings['from'] | undefined {
  const [, name, inAngles, alone] = /^(?:([^<>"\p{C}]*)<([^<>]*)>|([^<>]*))$/u.exec(text ?? '') ?? []
  const address = inAngles ?? alone ?? ''
  if (/^[^\s@"\p{C}]+@[A-Za-z0-9.-]+$/u.test(address)) return { name: name?.trim() ?? '', address }
  mistakes.push(
    text === undefined
      ? 'MAIL_FROM is required with mail: the address that it comes from'
      : 'MAIL_FROM must be an address, as in Example <no-reply@example.com>',
  )
  return undefined
}

/** A token stands behind it as a fragment, which no server sees: so it has none of its own. */
function readPage(name: 'RESET_URL' | 'VERIFY_URL', text: string | undefined, mistakes: string[]): string {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined
  if (text === undefined) mistakes.push(`${name} is required with mail: the page of yours that its links lead to`)
  else if (!url || !/^https?:$/.test(url.protocol) || text.includes('#') || /[\s<>"]/.test(text)) {
    mistakes.push(`${name} must be the URL of a page, without a fragment`)
  }
  return text ?? ''
}
