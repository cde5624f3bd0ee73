/** The two forms an error has on the wire, and requests with a body that is exactly as given. */
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'

export const json = 'application/json'
export const form = 'application/x-www-form-urlencoded'

/** POSTs a body as bytes under any media type, or none. */
export function post(app: FastifyInstance, url: string, type: string | undefined, body: string | Buffer) {
  return app.inject({ method: 'POST', url, headers: type === undefined ? {} : { 'content-type': type }, body })
}

export type Answer = Awaited<ReturnType<typeof post>>

/** RFC 9457. */
export function isProblem(t: Test, answer: Answer, status: number, code: string, name = code): void {
  const { statusCode, headers, body } = answer
  const told = { status: statusCode, type: headers['content-type'], code: JSON.parse(body).code }
  if (status === 400 || status === 415)
    t.match(JSON.parse(body).errors, [{ detail: /^(?:must|is) / }], `${name}: what was expected`)
  t.strictSame(told, { status, type: 'application/problem+json; charset=utf-8', code }, name)
}

/** RFC 6749 section 5.2. */
export function isOAuthError(t: Test, answer: Answer, error: string, text: string, name: string): void {
  const { statusCode, headers, body } = answer
  t.equal(statusCode, 400, name)
  t.match(headers, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  })
  const { error_description: description, ...others } = JSON.parse(body)
  t.strictSame(others, { error, detail: text }, name)
  // Every 400 of a request that is not right says what was expected.
  if (error === 'invalid_grant') t.equal(description, text, name)
  else
    t.match(description, /^[ !#-[\]-~]+$/, name) && t.ok(description.startsWith(`${text}: `), `${name}: ${description}`)
}
