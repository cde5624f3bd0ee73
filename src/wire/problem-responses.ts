/** How the OpenAPI document tells what a route refuses: by codes, each with the answer it gives, word for word. */
import { STATUS_CODES } from 'node:http'
import { type ErrorCode, errors, type RequestMistake, SignetError } from '../base/errors.ts'
import { Type } from '../base/schema.ts'
import { oauthErrorOf, problemOf } from './problem.ts'

type StatusOf<C extends ErrorCode> = (typeof errors)[C]['status']
/** Every route has the two ranges, so that no status leaves without a schema. */
type Responses<S extends number> = Record<S | '4xx' | '5xx', object>

/** What is said wherever an access token is needed, and one that is good for adding a second factor will do. */
export const anyTokenCodes = [
  'missing_token',
  'access_token_required',
  'invalid_token',
  'token_expired',
  'token_revoked',
  'unavailable',
] as const

/** What is said wherever it will not. */
export const tokenCodes = [...anyTokenCodes, 'enrolment_required'] as const

/** What is said wherever a body is read. */
export const bodyCodes = ['invalid_request', 'too_large', 'unsupported_media_type'] as const

/** Response schemas of the errors that a route answers with. */
export function problems<const C extends ErrorCode>(...codes: C[]): Responses<StatusOf<C>> {
  const byStatus = Map.groupBy(codes, code => errors[code].status)
  const each = [...byStatus].map(([status, ofStatus]) => [
    status,
    response(STATUS_CODES[status], problemMedia(ofStatus)),
  ])
  return { ...Object.fromEntries(each), '4xx': otherMistake, '5xx': notNow } as Responses<StatusOf<C>>
}

/**
 * The same for a route that takes forms, which are answered as RFC 6749 section 5.2 says.
 * @param ofForm what is said about a form
 * @param codes what is said as a problem
 */
export function problemsOfForm<const F extends ErrorCode, const C extends ErrorCode>(
  ofForm: readonly F[],
  ...codes: C[]
): Responses<StatusOf<C> | 400> {
  const byStatus = Map.groupBy(ofForm, code => (code === 'invalid_client' ? 401 : 400))
  const each = [...byStatus].map(([status, ofStatus]) => {
    const asProblem = codes.filter(code => errors[code].status === status)
    const content = { ...(asProblem.length > 0 && problemMedia(asProblem)), ...oauthMedia(ofStatus) }
    return [status, response(`${STATUS_CODES[status]} (a form gets the OAuth error)`, content)]
  })
  return { ...problems(...codes), ...Object.fromEntries(each) }
}

function response(description: string | undefined, content: object): object {
  return { description, content }
}

function problemMedia(codes: readonly ErrorCode[]): object {
  const examples = codes.map(code => [code, { value: problemOf(exampleOf(code)) }])
  return media('application/problem+json', 'Problem#', Object.fromEntries(examples))
}

function oauthMedia(codes: readonly ErrorCode[]): object {
  const examples = codes.map(code => [code, { value: oauthErrorOf(exampleOf(code, 'form')) }])
  return media('application/json', 'OAuthError#', Object.fromEntries(examples))
}

function media(type: string, schema: string, examples: object): object {
  return { [type]: { schema: Type.Unsafe({ $ref: schema }), examples } }
}

type Mistakes = Partial<Record<ErrorCode, RequestMistake>>
const ofJson: Mistakes = {
  invalid_request: { pointer: '/colour', detail: 'must NOT have additional properties' },
  unsupported_media_type: { pointer: '', detail: 'must have no content coding: no Content-Encoding, or identity' },
}
const ofForm: Mistakes = {
  invalid_request: { pointer: '', detail: 'must not repeat a field' },
  unsupported_grant_type: { pointer: '/grant_type', detail: 'must be refresh_token' },
}

const examples = { json: new Map<ErrorCode, SignetError>(), form: new Map<ErrorCode, SignetError>() }

/** Each is made once: an error notes where it was made, which for all routes takes a hundredth of a second. */
function exampleOf(code: ErrorCode, of: keyof typeof examples = 'json'): SignetError {
  const mistake = { json: ofJson, form: ofForm }[of][code]
  const example = examples[of].get(code) ?? new SignetError(code, 'an example', mistake ? { mistakes: [mistake] } : {})
  examples[of].set(code, example)
  return example
}

const tooLargeHeaders = {
  ...problemOf(exampleOf('too_large')),
  title: STATUS_CODES[431],
  status: 431,
}
const otherMistake = response('Any other mistake of the request', {
  'application/problem+json': {
    schema: Type.Unsafe({ $ref: 'Problem#' }),
    examples: { too_large: { value: tooLargeHeaders } },
  },
})
const notNow = response('A mistake of ours, or not now', problemMedia(['internal']))
