import type { Test } from 'tap'
import { type MailApp, mailApp } from '../helpers/mail.ts'

/** Maria with a proven address. */
export async function withMaria(t: Test, overrides: Parameters<typeof mailApp>[1] = {}): Promise<MailApp> {
  const made = await mailApp(t, overrides)
  await made.app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
  return made
}
