/** Which audit events end sessions, how many, and why. */
import type { AuditEvent } from '../base/audit.ts'

const causes: Partial<Record<AuditEvent['event'], string>> = {
  logout: 'logout',
  'logout.all': 'logout_all',
  'session.ended': 'ended',
  'session.displaced': 'displaced',
  'refresh.reuse': 'reuse',
  'password.changed': 'password_changed',
  'password.reset': 'password_changed',
  'email.verified': 'email_changed',
  'email.restored': 'email_changed',
  'factor.added': 'factor_added',
  'factor.removed': 'factor_removed',
  'user.changed': 'user_changed',
  'user.deleted': 'user_deleted',
}

export const sessionEnds = [...new Set(Object.values(causes))]

/** Events without a number end one session. */
export function sessionsEndedBy({
  event,
  sessionsEnded = 1,
}: AuditEvent): { cause: string; count: number } | undefined {
  const cause = causes[event]
  return cause === undefined ? undefined : { cause, count: sessionsEnded }
}
