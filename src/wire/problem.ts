/** How an error looks on the wire: RFC 9457 for JSON callers, RFC 6749 section 5.2 for OAuth forms. */
import { STATUS_CODES } from 'node:http'
import { type Static, Type } from '@sinclair/typebox'
import { type ErrorCode, errors, SignetError } from '../base/errors.ts'

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
    errors: Type.Optional(
      Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }), { description: 'what is not valid' }),
    ),
  },
  { $id: 'Problem', title: 'Problem (RFC 9457)' },
)

export const OAuthError = Type.Object(
  {
    error: Type.String(),
    error_description: Type.String(),
    detail: Type.String({ description: 'the same text as `error_description`' }),
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
  }
}

/** The whole answer to bytes that are no request, when there is nothing but a socket to write it to. */
export function rawProblem(status: 400 | 408 | 413 | 431, headers: Readonly<Record<string, string>>): string {
  const error = new SignetError(status === 413 || status === 431 ? 'too_large' : 'invalid_request', 'not a request')
  const body = JSON.stringify({ ...problemOf(error), title: STATUS_CODES[status], status })
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
export function oauthErrorOf({ code, status, detail }: SignetError): Static<typeof OAuthError> | undefined {
  if (status !== 400 && status !== 401) return undefined
  const text = code === 'invalid_credentials' ? 'Incorrect email or password' : detail
  const error = status === 400 || code === 'invalid_client' ? code : 'invalid_grant'
  return { error, error_description: text, detail: text }
}

/** The challenge of a 401 (RFC 6750 section 3): no `error` when no token was presented. */
export function challengeOf({ code, detail }: SignetError): string {
  if (code === 'invalid_client') return 'Basic realm="signet"'
  if (code === 'missing_token' || code === 'invalid_credentials') return 'Bearer realm="signet"'
  return `Bearer error="invalid_token", error_description="${detail}"`
}
