/** What an operator may have to answer for later: one structured line each, with identifiers and never with a secret. */
export interface AuditEvent {
  readonly event:
    | 'login'
    | 'login.failed'
    | 'refresh.retried'
    | 'refresh.recovered'
    | 'refresh.reuse'
    | 'refresh.ahead'
    | 'logout'
    | 'logout.all'
    | 'session.ended'
    | 'users.seeded'
  readonly sub?: string
  readonly sid?: string
  readonly ip?: string | null
  readonly generation?: number
  readonly presented?: number
  readonly count?: number
}

export type Audit = (event: AuditEvent) => void
