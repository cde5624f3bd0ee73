/**
 * The strict reading of a compact JWS (RFC 7515 section 3.1). A part must be exactly what we would have written: that one
 * comparison refuses padding, foreign alphabets, unused trailing bits, invalid UTF-8, white space, duplicate members and
 * numbers out of range (RFC 8725 section 3.14).
 */
import { SignetError } from '../base/errors.ts'

export interface CompactJws {
  readonly header: string
  readonly payload: string
  readonly signature: string
}

/** No token of ours is longer: names, addresses and roles have a longest. */
export const maximumTokenBytes = 4096

/**
 * The three parts, none of them empty, and none looked into.
 * @throws {SignetError} `invalid_token`
 */
export function splitCompactJws(token: string): CompactJws {
  if (token.length > maximumTokenBytes) throw invalid('it is longer than 4,096 bytes')
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  const isOfThreeParts = first > 0 && second > first + 1 && second + 1 < token.length
  if (!isOfThreeParts || token.includes('.', second + 1)) throw invalid('it does not have three parts')
  return { header: token.slice(0, first), payload: token.slice(first + 1, second), signature: token.slice(second + 1) }
}

/**
 * The object in a header or a payload.
 * @throws {SignetError} `invalid_token`
 */
export function readPart(part: string): Record<string, unknown> {
  const value = parseJson(scratch.toString('utf8', 0, scratch.write(part, 'base64url')))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('a part is not an object')
  if (base64url(JSON.stringify(value)) !== part) throw invalid('a part is not in canonical form')
  return value as Record<string, unknown>
}

/** Whether this is base64url without padding or unused bits (RFC 7515 section 2). */
export function isBase64url(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text
}

/** One for all: nothing here waits, and a buffer for each token would be most of what reading it costs. */
const scratch = Buffer.allocUnsafeSlow(maximumTokenBytes)

/** What does not fit into the buffer is cut. No part of a token is that long, so a cut text equals none. */
function base64url(text: string): string {
  return scratch.toString('base64url', 0, scratch.write(text))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('a part is not JSON') // the parser's own message would quote the token
  }
}

function invalid(reason: string): SignetError {
  return new SignetError('invalid_token', `token refused: ${reason}`)
}
