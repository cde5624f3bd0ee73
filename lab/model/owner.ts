/** What thirdy has besides tabs: a password, and a mailbox. */
import type { Entry, Mail } from './log.ts'

export interface Owner {
  readonly password: string
  /** Oldest first. */
  readonly mails: readonly Mail[]
}

export const firstPassword = 'demo123'

/** @param entries those of one set of rules */
export function ownerAfter(entries: readonly Entry[]): Owner {
  let password = firstPassword
  for (const entry of entries) {
    for (const { exchange } of entry.kind === 'sent' ? entry.sent : []) {
      const { request, answer } = exchange
      if (request.url.endsWith('/password/reset') && answer.status === 204) {
        password = JSON.parse(request.body).new_password
      }
    }
  }
  return { password, mails: entries.at(-1)?.state.mails ?? [] }
}

/** The token of a link (docs/accounts.md); undefined when there is none in the mail. */
export const tokenIn = ({ text }: Mail) => /#token=(\S+)/.exec(text)?.[1]

/** Of the newest mail that has one. */
export const linkOf = ({ mails }: Owner) => mails.findLast(mail => tokenIn(mail) !== undefined)

/** What has arrived with an entry. */
export function arrivedWith({ state }: Entry, before: Entry | undefined): readonly Mail[] {
  return state.mails.slice(before?.state.mails.length ?? 0)
}
