/** What everybody holds and knows under one set of rules, after all that has happened. */
import { type Entry, isOf, type Lane, type Rules, type Sent, type SessionRow } from './log.ts'
import { type Owner, ownerAfter } from './owner.ts'
import { sidOf, type Token } from './token.ts'

export interface Held {
  readonly access?: Token
  readonly refresh?: Token
  /** The password was right, and a second factor is wanted. */
  readonly challenge?: {
    readonly text: string
    readonly username: string
    /** What the browser is asked with, where the user has a passkey. */
    readonly passkey?: object
  }
  /** The server has said that this session is over, or the lane has ended it itself: it knows. */
  readonly isTold: boolean
}

export interface World {
  readonly rules: Rules
  readonly now: number
  readonly lanes: Readonly<Record<Lane, Held>>
  /** Those that were begun under these rules, oldest first. */
  readonly sessions: readonly SessionRow[]
  readonly keys: readonly string[]
  readonly owner: Owner
}

const nothing: Held = { isTold: false }

export function worldAfter(log: readonly Entry[], rules: Rules): World {
  const held: Record<Lane, Held> = { a: nothing, b: nothing, thief: nothing }
  const sids: string[] = []
  const entries = log.filter(one => isOf(one, rules))
  for (const entry of entries) {
    if (entry.kind === 'copy') held[entry.to] = { ...held[entry.from], isTold: false }
    if (entry.kind !== 'sent') continue
    for (const sent of entry.sent) {
      const { lane } = sent.exchange
      held[lane] = after(held[lane], sent)
      const sid = sent.got[0] && sidOf(sent.got[0])
      if (sid !== undefined && !sids.includes(sid)) sids.push(sid)
    }
  }
  const state = log.at(-1)?.state
  const sessions = sids.flatMap(sid => state?.sessions.find(row => row.sid === sid) ?? [])
  const owner = ownerAfter(entries)
  return { rules, now: state?.now ?? 0, lanes: held, sessions, keys: state?.keys ?? [], owner }
}

function after(held: Held, { exchange, got }: Sent): Held {
  const [access, refresh] = [got.find(one => one.kind === 'access'), got.find(one => one.kind === 'refresh')]
  if (access && refresh) return { access, refresh, isTold: false }
  const challenge = challengeIn(exchange)
  return { ...held, ...(challenge && { challenge }), isTold: held.isTold || tellsTheEnd(exchange) }
}

function challengeIn({ request, answer, arrived }: Sent['exchange']): Held['challenge'] {
  if (!arrived || answer.status !== 401 || !answer.body.includes('"challenge"')) return undefined
  const { challenge: text, passkey } = JSON.parse(answer.body)
  return { text, username: JSON.parse(request.body).username, ...(passkey && { passkey }) }
}

/** Whom a lane speaks of: the one it is logging in, or else is logged in as. */
export const userOf = ({ challenge, access }: Held) => challenge?.username ?? String(access?.claims['username'])

function tellsTheEnd({ request, answer, arrived }: Sent['exchange']): boolean {
  if (!arrived) return false
  if (answer.status < 300) return /\/logout(\/all)?$/.test(request.url)
  const code = answer.status === 401 ? JSON.parse(answer.body).code : undefined
  // Whose refresh token is refused, for whatever reason, has to log in again.
  const isRefused = code === 'invalid_token' || code === 'token_expired'
  return code === 'token_revoked' || (isRefused && request.url.endsWith('/refresh'))
}

/** The sessions that an entry has ended: their rows say so after it, and did not before. */
export function endedBy(entry: Entry, before: Entry | undefined): SessionRow[] {
  const ended = (row: SessionRow | undefined) => row !== undefined && row.revoked_at !== null
  return entry.state.sessions.filter(
    row => ended(row) && !ended(before?.state.sessions.find(({ sid }) => sid === row.sid)),
  )
}
