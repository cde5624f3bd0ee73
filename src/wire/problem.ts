/** How an error looks on the wire: RFC 9457 for JSON callers, RFC 6749 section 5.2 for OAuth forms. */
import { STATUS_CODES } from 'node:http'
import { type ErrorCode, errors, type RequestMistake, SignetError } from '../base/errors.ts'
import { type Static, Type } from '../base/schema.ts'
import { RequestOptions } from './passkey-schemas.ts'

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'always `about:blank`: `code` says which problem it is' }),
    title: Type.String({ description: 'the status in words' }),
    status: Type.Integer(),
    detail: Type.String({ description: 'a fixed text for people' }),
    code: Type.Unsafe<ErrorCode>({
      type: 'string',
      enum: Object.keys(errors),
      description: 'a fixed word for programs',
    }),
    challenge: Type.Optional(
      Type.String({ description: 'what `POST /login/second-factor` wants beside a code, for five minutes' }),
    ),
    factors: Type.Optional(
      Type.Array(Type.String(), { description: 'what may be shown: `totp`, `passkey`, `recovery_code`' }),
    ),
    passkey: Type.Optional(RequestOptions),
    errors: Type.Optional(
      Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }), {
        description: 'what is not valid, and what was expected',
      }),
    ),
  },
  { $id: 'Problem', title: 'Problem (RFC 9457)' },
)

export const OAuthError = Type.Object(
  {
    error: Type.String(),
    error_description: Type.String({ description: '`detail`, and what was expected' }),
    detail: Type.String({ description: 'a fixed text for people' }),
    mfa_token: Type.Optional(
      Type.String({ description: 'with `mfa_required`: the `challenge` for `POST /login/second-factor`' }),
    ),
  },
  { $id: 'OAuthError', title: 'OAuth error (RFC 6749 section 5.2)' },
)

export function problemOf(error: SignetError): Static<typeof Problem> {
  return {
    type: 'about:blank',
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    detail: error.detail,
    code: error.code,
    ...(error.mistakes && { errors: [...error.mistakes] }),
    ...error.beside,
  }
}

/** The whole answer to bytes that are no request, when there is nothing but a socket to write it to. */
export function rawProblem(status: 400 | 408 | 413 | 431, headers: Readonly<Record<string, string>>): string {
  const error = new SignetError(status === 413 || status === 431 ? 'too_large' : 'invalid_request', 'not a request')
  const errors = status === 400 ? [{ pointer: '', detail: 'must be a request of HTTP/1.1 (RFC 9112)' }] : undefined
  const body = JSON.stringify({ ...problemOf(error), title: STATUS_CODES[status], status, errors })
  const fields = Object.entries({
    ...headers,
    connection: 'close',
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...fields.map(([name, value]) => `${name}: ${value}`)]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** The answer to a form, or undefined for errors that RFC 6749 has no word for (those stay problems). */
export function oauthErrorOf({
  code,
  status,
  detail,
  mistakes,
  beside,
}: SignetError): Static<typeof OAuthError> | undefined {
  // The one 403 that a right password meets: to a form it is a grant that is not good, yet.
  if (status !== 400 && status !== 401 && code !== 'email_unverified') return undefined
  if (code === 'second_factor_required') {
    const token = typeof beside?.['challenge'] === 'string' ? { mfa_token: beside['challenge'] } : {}
    return { error: 'mfa_required', error_description: detail, detail, ...token }
  }
  const text = code === 'invalid_credentials' ? 'Incorrect email or password' : detail
  const error = status === 400 || code === 'invalid_client' ? code : 'invalid_grant'
  return { error, error_description: [text, expectations(mistakes)].filter(Boolean).join(': '), detail: text }
}

/** In the characters that an `error_description` may have (RFC 6749 section 5.2). */
function expectations(mistakes: readonly RequestMistake[] = []): string {
  const each = mistakes.map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`.trim())
  return each.join('; ').replace(/[^ !#-[\]-~]/g, "'")
}

/** The challenge of a 401 (RFC 6750 section 3, RFC 9470 section 3): no `error` when no token was presented. */
export function challengeOf({ code, detail, maxAgeSeconds }: SignetError): string {
  if (code === 'invalid_client') return 'Basic realm="signet"'
  if (withoutError.has(code)) return 'Bearer realm="signet"'
  if (code !== 'fresh_login_required' && code !== 'stronger_login_required') {
    return `Bearer error="invalid_token", error_description="${detail}"`
  }
  const maxAge = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`
  return `Bearer error="insufficient_user_authentication", error_description="${detail}"${maxAge}`
}

/** No token was presented, or what was wrong is no token. */
const withoutError = new Set<ErrorCode>([
  'missing_token',
  'invalid_credentials',
  'second_factor_required',
  'invalid_code',
])
