/**
 * The one table of errors. Each has a fixed public text (`detail`), a stable `code` and a status; the exact reason is
 * the `Error.message`, which goes to the log and never to the wire. docs/errors.md is held equal to this table by a test.
 */
export const errors = {
  invalid_request: { status: 400, detail: 'Request is not valid' },
  invalid_link: { status: 400, detail: 'Link is not valid' },
  unsupported_grant_type: { status: 400, detail: 'Grant type is not supported' },
  mfa_required: { status: 400, detail: 'Second factor required' },
  invalid_credentials: { status: 401, detail: 'Invalid credentials' },
  second_factor_required: { status: 401, detail: 'Second factor required' },
  invalid_code: { status: 401, detail: 'Invalid code' },
  invalid_client: { status: 401, detail: 'Client is not known' },
  missing_token: { status: 401, detail: 'Missing Bearer token' },
  access_token_required: { status: 401, detail: 'Access token required' },
  refresh_token_required: { status: 401, detail: 'Refresh token required' },
  invalid_token: { status: 401, detail: 'Invalid token' },
  token_expired: { status: 401, detail: 'Token expired' },
  token_revoked: { status: 401, detail: 'Token revoked' },
  fresh_login_required: { status: 401, detail: 'Fresh login required' },
  stronger_login_required: { status: 401, detail: 'Stronger login required' },
  admin_required: { status: 403, detail: 'Admin role required' },
  role_required: { status: 403, detail: 'Another role required' },
  cross_site: { status: 403, detail: 'Cross-site request refused' },
  email_unverified: { status: 403, detail: 'E-mail address is not verified' },
  registration_closed: { status: 403, detail: 'Registration is closed' },
  deletion_off: { status: 403, detail: 'Accounts cannot delete themselves' },
  mail_off: { status: 403, detail: 'Mail is off' },
  second_factor_off: { status: 403, detail: 'Second factors are off' },
  enrolment_required: { status: 403, detail: 'A second factor must be added first' },
  not_found: { status: 404, detail: 'Not found' },
  last_way_in: { status: 409, detail: 'The last way to log in must stay' },
  last_admin: { status: 409, detail: 'The last administrator must stay' },
  taken: { status: 409, detail: 'Username or e-mail is taken' },
  cursor_unknown: { status: 410, detail: 'Cursor is not known' },
  too_large: { status: 413, detail: 'Request is too large' },
  unsupported_media_type: { status: 415, detail: 'Media type is not supported' },
  too_many_attempts: { status: 429, detail: 'Too many attempts' },
  internal: { status: 500, detail: 'Internal error' },
  overloaded: { status: 503, detail: 'Overloaded, try again' },
  unavailable: { status: 503, detail: 'Temporarily unavailable' },
} as const

export type ErrorCode = keyof typeof errors

/** One reason why a request body was refused (RFC 6901 pointer into it). */
export interface RequestMistake {
  readonly pointer: string
  readonly detail: string
}

export interface ErrorOptionsOfSignet {
  readonly cause?: unknown
  /** Seconds until a retry makes sense; sent as `Retry-After` (RFC 9110 section 10.2.3). */
  readonly retryAfterSeconds?: number
  readonly mistakes?: readonly RequestMistake[]
  /** How many seconds ago the login may have been at most (RFC 9470 section 3). */
  readonly maxAgeSeconds?: number
  /** Members that stand in the answer beside the usual ones. */
  readonly beside?: Readonly<Record<string, unknown>>
}

/** A failure with two texts: `errors[code].detail` for the caller, `message` for the log. Neither ever holds a secret. */
export class SignetError extends Error {
  override readonly name = 'SignetError'
  readonly code: ErrorCode
  readonly retryAfterSeconds: number | undefined
  readonly mistakes: readonly RequestMistake[] | undefined
  readonly maxAgeSeconds: number | undefined
  readonly beside: Readonly<Record<string, unknown>> | undefined

  constructor(code: ErrorCode, reason: string, options: ErrorOptionsOfSignet = {}) {
    super(reason, { cause: options.cause })
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
    this.mistakes = options.mistakes
    this.maxAgeSeconds = options.maxAgeSeconds
    this.beside = options.beside
  }

  get status(): number {
    return errors[this.code].status
  }

  get detail(): string {
    return errors[this.code].detail
  }
}
