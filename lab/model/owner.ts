/** What a user has besides tabs: a password, a mailbox, an authenticator app on a phone, passkeys in the browser. */
import type { Entry, Mail, Sent } from './log.ts'

export interface Owner {
  /** Of thirdy, who is the one that may forget it. */
  readonly password: string
  /** Oldest first. */
  readonly mails: readonly Mail[]
  /** By whose they are. */
  readonly apps: ReadonlyMap<string, AuthenticatorApp>
  /** Who has one. */
  readonly passkeys: ReadonlySet<string>
}

export interface AuthenticatorApp {
  readonly username: string
  /** In base32, as it was shown once. */
  readonly secret: string
  /** The server has had a code of it, and asks for one at each login. */
  readonly isConfirmed: boolean
}

/** @param entries those of one set of rules */
export function ownerAfter(entries: readonly Entry[]): Owner {
  let password = 'demo123'
  const apps = new Map<string, AuthenticatorApp>()
  const passkeys = new Set<string>()
  for (const { exchange, presented } of entries.flatMap(entry => (entry.kind === 'sent' ? entry.sent : []))) {
    const done = doneBy(exchange)
    const username = String(presented?.claims['username'])
    const app = apps.get(username)
    if (done === '/password/reset') password = JSON.parse(exchange.request.body).new_password
    if (done === '/me/totp') {
      apps.set(username, { username, secret: JSON.parse(exchange.answer.body).secret, isConfirmed: false })
    }
    if (done === '/me/passkeys') passkeys.add(username)
    if (done === '/me/totp/confirm' && app) apps.set(username, { ...app, isConfirmed: true })
  }
  return { password, mails: entries.at(-1)?.state.mails ?? [], apps, passkeys }
}

/** The path of a request that went well. */
function doneBy({ request, answer }: Sent['exchange']): string | undefined {
  return answer.status < 300 ? new URL(request.url).pathname.replace(/^.*\/(calm|strict)(?=\/)/, '') : undefined
}

/** The token of a link (docs/accounts.md); undefined when there is none in the mail. */
export const tokenIn = ({ text }: Mail) => /#token=(\S+)/.exec(text)?.[1]

/** Of the newest mail that has one. */
export const linkOf = ({ mails }: Owner) => mails.findLast(mail => tokenIn(mail) !== undefined)

/** What has arrived with an entry. */
export function arrivedWith({ state }: Entry, before: Entry | undefined): readonly Mail[] {
  return state.mails.slice(before?.state.mails.length ?? 0)
}
