/** Sessions as their user sees them, and the place of one in the list. */
import { isoTime } from '../base/iso-time.ts'
import { type Static, Type } from '../base/schema.ts'
import { lastUsedAt } from '../sessions/session.ts'
import type { Session, SessionPosition } from '../stores/stores.ts'

const moment = (description: string) => Type.String({ format: 'date-time', description })

export const SessionItem = Type.Object({
  id: Type.String(),
  created_at: moment('login'),
  last_used_at: moment('the last refresh'),
  expires_at: moment('when it ends if it is not used'),
  ip: Type.Union([Type.String(), Type.Null()]),
  user_agent: Type.Union([Type.String(), Type.Null()]),
  current: Type.Boolean({ description: 'the session of the token that asks' }),
})

/** @param current the id of the session that asks */
export function sessionItem(session: Session, current: string): Static<typeof SessionItem> {
  return {
    id: session.sid,
    created_at: isoTime(session.createdAt),
    last_used_at: isoTime(lastUsedAt(session)),
    expires_at: isoTime(session.expiresAt),
    ip: session.ip,
    user_agent: session.userAgent,
    current: session.sid === current,
  }
}

/** Of a session, which holds also when that one has ended meanwhile. */
export const PositionText = Type.String({
  pattern: '^[0-9]{1,12}[.][A-Za-z0-9_-]{1,48}$',
  maxLength: 64,
  description: '`next` of the page before',
})

export function positionText({ createdAt, sid }: SessionPosition): string {
  return `${createdAt}.${sid}`
}

/** @param text one that `PositionText` lets pass */
export function readPosition(text: string | undefined): SessionPosition | undefined {
  const [createdAt, sid] = text?.split('.') ?? []
  return sid === undefined ? undefined : { createdAt: Number(createdAt), sid }
}
