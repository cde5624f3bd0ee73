/** Bodies as bytes, read strictly: UTF-8 only (RFC 8259 section 8.1), and no form field twice (RFC 6749 section 3.2). */
import { isUtf8 } from 'node:buffer'
import { SignetError } from '../base/errors.ts'

/**
 * Nothing is ever decompressed (RFC 9110 section 8.4).
 * @throws {SignetError} `unsupported_media_type` for a content coding or another charset, `invalid_request` for other bytes
 */
export function readText(bytes: Buffer, headers: Readonly<Record<string, string | string[] | undefined>>): string {
  const { 'content-type': contentType = '', 'content-encoding': coding = 'identity' } = headers
  if (coding !== 'identity') throw new SignetError('unsupported_media_type', 'the body has a content coding')
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(String(contentType))?.[1]
  if (charset && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new SignetError('unsupported_media_type', 'the body is not in UTF-8')
  }
  if (!isUtf8(bytes)) throw invalidBody('must be UTF-8')
  return bytes.toString('utf8')
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

export function invalidBody(detail: string): SignetError {
  return new SignetError('invalid_request', 'the body cannot be read', { mistakes: [{ pointer: '', detail }] })
}
