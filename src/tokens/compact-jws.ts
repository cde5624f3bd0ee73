/**
 * The strict reading of a compact JWS (RFC 7515 section 3.1), before any key is looked at. A part must be exactly what
 * we would have written: that one comparison refuses padding, foreign alphabets, unused trailing bits, invalid UTF-8,
 * white space, duplicate members and numbers out of range (RFC 8725 section 3.14).
 */
import { SignetError } from '../errors.ts'

export interface ParsedToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly signature: string
}

const maximumBytes = 4096

/** @throws {SignetError} `invalid_token` */
export function parseCompactJws(token: string): ParsedToken {
  if (token.length > maximumBytes) throw invalid('it is longer than 4,096 bytes')
  const parts = token.split('.', 4)
  const [header, claims, signature] = parts
  if (parts.length !== 3 || !header || !claims || !signature) throw invalid('it does not have three parts')
  if (encode(Buffer.from(signature, 'base64url')) !== signature) throw invalid('its signature is not base64url')
  return { header: parseObject(header), claims: parseObject(claims), signature }
}

function parseObject(part: string): Record<string, unknown> {
  const value = parseJson(Buffer.from(part, 'base64url').toString('utf8'))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('a part is not an object')
  if (encode(Buffer.from(JSON.stringify(value), 'utf8')) !== part) throw invalid('a part is not in canonical form')
  return value as Record<string, unknown>
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('a part is not JSON') // the parser's own message would quote the token
  }
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64url')
}

function invalid(reason: string): SignetError {
  return new SignetError('invalid_token', `token refused: ${reason}`)
}
