/** Bodies as bytes, read strictly: UTF-8 only (RFC 8259 section 8.1), and no form field twice (RFC 6749 section 3.2). */
import { isUtf8 } from 'node:buffer'
import { SignetError } from '../base/errors.ts'

/**
 * What counts is the bytes: whatever a charset parameter says, they are UTF-8. Nothing is ever decompressed, and `identity`
 * is no coding (RFC 9110 section 8.4).
 * @throws {SignetError} `unsupported_media_type` for a content coding, `invalid_request` for other bytes
 */
export function readText(bytes: Buffer, headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const codings = String(headers['content-encoding'] ?? '').split(',')
  if (codings.some(coding => !/^(identity)?$/i.test(coding.trim()))) {
    throw unsupported('must have no content coding: no Content-Encoding, or identity')
  }
  if (!isUtf8(bytes)) throw invalidBody('must be UTF-8')
  return bytes.toString('utf8')
}

/** What clients send that have nothing to say; `""` is what axios makes of an empty text. */
export function isNothing(text: string): boolean {
  const trimmed = text.trim()
  return ['', 'null', '""'].includes(trimmed) || /^\{\s*\}$/.test(trimmed)
}

/**
 * A field without a value counts as left out (RFC 6749 section 3.2).
 * @throws {SignetError} `invalid_request` for a field given twice or bytes that are not UTF-8
 */
export function readForm(text: string): Record<string, string> {
  const form: Record<string, string> = Object.create(null)
  const names = new Set<string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decode(at < 0 ? pair : pair.slice(0, at))
    const value = at < 0 ? '' : decode(pair.slice(at + 1))
    if (names.has(name)) throw invalidBody('must not repeat a field')
    names.add(name)
    if (value !== '') form[name] = value
  }
  return form
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw invalidBody('must be percent-encoded UTF-8')
  }
}

/** @param detail what was expected of the body */
export function invalidBody(detail: string): SignetError {
  return new SignetError('invalid_request', 'the body cannot be read', { mistakes: [{ pointer: '', detail }] })
}

/** @param detail what was expected of the headers that describe the body */
export function unsupported(detail: string): SignetError {
  return new SignetError('unsupported_media_type', 'a body of another kind', { mistakes: [{ pointer: '', detail }] })
}
