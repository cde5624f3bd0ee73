/**
 * What an operator may have to answer for later: one structured line each, with identifiers and never with a secret. The
 * name somebody typed is not among them, because people type passwords there: a failed login has a keyed hash
 * of the name, and the subject if there is one.
 */
export interface AuditEvent {
  readonly event:
    | 'login'
    | 'login.failed'
    | 'login.throttled'
    | 'login.challenged'
    | 'factor.added'
    | 'factor.removed'
    | 'factor.failed'
    | 'factor.throttled'
    | 'recovery_code.spent'
    | 'recovery_codes.made'
    | `refresh.${'rotated' | 'repeated' | 'retried' | 'recovered' | 'revoked' | 'expired' | 'reuse' | 'ahead'}`
    | 'logout'
    | 'logout.all'
    | 'session.ended'
    | 'session.displaced'
    | 'session.confirmed'
    | 'password.changed'
    | 'password.rehashed'
    | 'password.forgotten'
    | 'password.reset'
    | 'password.link_sent'
    | 'email.change_asked'
    | 'email.verified'
    | 'email.changed'
    | 'email.restored'
    | 'mail.refused'
    | 'user.registering'
    | 'user.registered'
    | 'user.created'
    | 'user.changed'
    | 'user.unlocked'
    | 'user.deleted'
    | 'key.created'
    | 'key.staged'
    | 'key.activated'
    | 'key.replaced'
    | 'users.seeded'
    | 'users.imported'
  /** Whom it happened to. */
  readonly sub?: string
  /** Who did it, when that is somebody else. */
  readonly by?: string
  readonly sid?: string
  readonly ip?: string
  /** A keyed hash of the name that was tried. */
  readonly account?: string
  readonly kid?: string
  /** The kind of a second factor. */
  readonly factor?: string
  readonly count?: number
  readonly sessionsEnded?: number
  readonly changed?: readonly string[]
  /** By what somebody has proved who they are (RFC 8176). */
  readonly amr?: readonly string[]
  readonly generation?: number
  readonly presented?: number
}

export type Audit = (event: AuditEvent) => void

/** Writes each event as one line of the log. */
export function auditTo(log: Record<Level, (fields: object, message: string) => void>): Audit {
  return event => log[levels[event.event] ?? 'info']({ audit: event }, event.event)
}

type Level = 'info' | 'warn' | 'error'

/** What an operator should look at, and what means that the database lost a write. */
const levels: Partial<Record<string, Level>> = {
  'refresh.reuse': 'warn',
  'refresh.ahead': 'warn',
  'refresh.recovered': 'error',
}
