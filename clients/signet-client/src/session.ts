import type { Time } from './time.ts'
import type { User } from './types.ts'

/** A login as this page holds it. */
export interface Session extends Partial<Tokens> {
  /** In cookie mode null until Signet was asked: no script can see the cookies. */
  user: User | null
  /** How long its access token is good, in milliseconds; infinite when that is not known. */
  readonly lifetime: number
  /** How much of that is left. */
  left(): number
}

/** Bearer mode. In cookie mode the browser has them. */
export interface Tokens {
  /** As they are stored. */
  readonly text: string
  readonly access: string
  readonly refresh: string
  readonly sid: string
  /** The generation: how often the session had been refreshed. */
  readonly gen: number
}

/** @param lifetime in milliseconds @param sentAt the date when it was asked for */
export function sessionOf(time: Time, lifetime = 1 / 0 /* Infinity */, sentAt = time.date()): Session {
  // From another page, or from before a reload, only the date tells how old it is. Two looks at one wrong clock will do.
  const since = time.now() - Math.max(0, time.date() - sentAt)
  // The clock that goes by itself may stand still while the computer sleeps: then the date outdoes it.
  return { user: null, lifetime, left: () => lifetime - Math.max(time.now() - since, time.date() - sentAt) }
}

/** @returns undefined when that is no session; anything may stand in a storage */
export function storedSession(time: Time, text: string | null | undefined): (Session & Tokens) | undefined {
  try {
    const { access_token: access, refresh_token: refresh, expires_in, at } = JSON.parse(text!)
    const { sid, gen } = claimsOf(refresh)
    const { sub: user_id, username, email, role } = claimsOf(access)
    const user = { user_id, username, email, role }
    return { ...sessionOf(time, expires_in * 1000, at), user, text, access, refresh, sid, gen } as Session & Tokens
  } catch {
    return undefined
  }
}

/** Whether one is of the same login as the other, and newer. In cookie mode nobody can tell. */
export function isNewer(one: Partial<Tokens> | undefined, other: Partial<Tokens>): boolean {
  return one?.sid === other.sid && one!.gen! > other.gen!
}

/** The payload of a JWT (RFC 7519), which is for reading only: who believes it asks Signet. */
function claimsOf(token: string): Record<string, unknown> {
  const base64 = token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/')
  return JSON.parse(decodeURIComponent(escape(atob(base64)))) // `escape` because of names that are not ASCII: UTF-8 in few bytes
}
