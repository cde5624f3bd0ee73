import type { MailSettings } from '../../src/config/mail-settings.ts'

/** Mail that is kept in the process. */
export const memoryMail: MailSettings = {
  transport: { kind: 'memory' },
  from: { name: 'Signet', address: 'no-reply@signet.example' },
  resetUrl: 'https://app.example/reset',
  verifyUrl: 'https://app.example/verify',
  templates: undefined,
  language: 'en',
}
