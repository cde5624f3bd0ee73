import type { Test } from 'tap'
import type { Message } from '../../src/mail/transport.ts'
import { type Overrides, type TestApp, testApp } from './app.ts'
import type { MovableClock } from './clock.ts'
import { memoryMail } from './mail-settings.ts'

export { memoryMail } from './mail-settings.ts'

export interface MailApp extends TestApp {
  /** Time goes on, and the polls with it. */
  later(seconds: number): Promise<void>
  /** Sends what is due. @returns the mails of this time */
  deliver(): Promise<Message[]>
  post(url: string, body: object, headers?: Record<string, string>): ReturnType<TestApp['me']>
  /** Sends what is due, and takes the token out of the one mail to this address. */
  tokenTo(address: string): Promise<string>
}

/** An app with a mailbox of its own, and registration open. */
export async function mailApp(t: Test, overrides: Overrides = {}, clock?: MovableClock): Promise<MailApp> {
  const settings = { mail: memoryMail, emailVerification: 'optional', registrationIsOpen: true, ...overrides } as const
  const made = await testApp(t, settings, clock)
  const { app } = made
  let seen = 0

  async function deliver(): Promise<Message[]> {
    await app.mailer?.worker.drain()
    const all = app.mailing?.mailbox ?? []
    const fresh = all.slice(seen)
    seen = all.length
    return fresh
  }

  return {
    ...made,
    async later(seconds) {
      made.clock.advance(seconds)
      await app.revocations.poll()
    },
    deliver,
    post: (url, body, headers = {}) => app.inject({ method: 'POST', url, body, headers }),
    async tokenTo(address) {
      const mails = (await deliver()).filter(({ to }) => to === address)
      const [mail] = mails
      if (!mail || mails.length > 1) throw new Error(`${mails.length} mails to ${address}`)
      return tokenIn(mail)
    },
  }
}

/** The token of the link in a mail. */
export function tokenIn({ text, purpose }: Pick<Message, 'text' | 'purpose'>): string {
  const [, token] = /#token=(\S+)/.exec(text) ?? []
  if (token === undefined) throw new Error(`there is no link in a mail of the purpose ${purpose}`)
  return token
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
