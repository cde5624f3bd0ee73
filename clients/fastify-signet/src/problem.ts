/** Refusals in Signet's own words (RFC 9457, RFC 6750 section 3, RFC 9470), so that a client need not know who refused. */
import type { FastifyReply } from 'fastify'

/** Some lines of Signet's table of errors, letter for letter. */
const problems = {
  missing_token: { status: 401, detail: 'Missing Bearer token' },
  access_token_required: { status: 401, detail: 'Access token required' },
  invalid_token: { status: 401, detail: 'Invalid token' },
  token_expired: { status: 401, detail: 'Token expired' },
  token_revoked: { status: 401, detail: 'Token revoked' },
  fresh_login_required: { status: 401, detail: 'Fresh login required' },
  admin_required: { status: 403, detail: 'Admin role required' },
  role_required: { status: 403, detail: 'Another role required' },
  unavailable: { status: 503, detail: 'Temporarily unavailable' },
} as const

export type ProblemCode = keyof typeof problems

const titles = { 401: 'Unauthorized', 403: 'Forbidden', 503: 'Service Unavailable' } as const

/** A refusal on its way to the wire. */
export class Refusal extends Error {
  readonly code: ProblemCode
  /** @param reason for the log */
  constructor(code: ProblemCode, reason: string) {
    super(reason)
    this.code = code
  }
}

/** @param maxAge how old a login may be, where that is what was asked for */
export function refuse(reply: FastifyReply, { code, message }: Refusal, maxAge?: number): void {
  const { status, detail } = problems[code]
  reply.log.info({ code, reason: message }, 'request refused')
  if (status === 401) reply.header('www-authenticate', challengeOf(code, detail, maxAge))
  if (status === 503) reply.header('retry-after', 1)
  reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify({ type: 'about:blank', title: titles[status], status, detail, code }))
}

function challengeOf(code: ProblemCode, detail: string, maxAge: number | undefined): string {
  if (code === 'missing_token') return 'Bearer realm="signet"'
  const error = maxAge === undefined ? 'invalid_token' : 'insufficient_user_authentication'
  const challenge = `Bearer error="${error}", error_description="${detail}"`
  return maxAge === undefined ? challenge : `${challenge}, max_age="${maxAge}"`
}
