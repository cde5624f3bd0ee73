/** The cookies of cookie mode: their names and attributes, and reading them strictly. */
import { SignetError } from '../base/errors.ts'
import { saysBearer } from './bearer.ts'

const protectedFromPages = { secure: true, httpOnly: true, path: '/' } as const

/**
 * `__Host-`: the browser takes them from this host only, so a neighbour's host cannot plant one. The access cookie is Lax,
 * so that a link from elsewhere finds the user logged in; nothing but our own site needs the others. The device is
 * the refresh token of the last login, for the next one: a logout leaves it, and by then it opens nothing.
 */
export const tokenCookies = {
  access: { name: '__Host-signet_access', attributes: { ...protectedFromPages, sameSite: 'lax' } },
  refresh: { name: '__Host-signet_refresh', attributes: { ...protectedFromPages, sameSite: 'strict' } },
  device: { name: '__Host-signet_device', attributes: { ...protectedFromPages, sameSite: 'strict' } },
} as const

/** Browsers keep no cookie longer (RFC 6265bis section 5.5). */
export const deviceSeconds = 400 * 86_400

export type TokensOfCookies = Partial<Record<'access' | 'refresh', string>>

/**
 * The tokens in a `Cookie` header, of which Node makes one where a request has several.
 * @throws {SignetError} `invalid_token` when one of the two was sent twice: either may have been planted (RFC 6265
 *   section 8.6), so neither is believed
 */
export function readTokenCookies(header: string): TokensOfCookies {
  const found: TokensOfCookies = {}
  for (const { name, value } of cookiesIn(header)) {
    const kind = kinds.get(name)
    if (!kind) continue
    if (found[kind] !== undefined) throw new SignetError('invalid_token', `the ${kind} cookie was sent twice`)
    found[kind] = value
  }
  return found
}

/**
 * The device in the headers of a login. Of two none is believed, and neither is an error: a login works without one. Beside
 * a bearer token no cookie is read.
 */
export function readDeviceCookie(headers: {
  cookie?: string | undefined
  authorization?: string | undefined
}): string | undefined {
  const { cookie = '', authorization } = headers
  if (saysBearer(authorization)) return undefined
  const found = [...cookiesIn(cookie)].filter(({ name }) => name === tokenCookies.device.name)
  return found.length === 1 ? found[0]?.value : undefined
}

const kinds = new Map<string, 'access' | 'refresh'>([
  [tokenCookies.access.name, 'access'],
  [tokenCookies.refresh.name, 'refresh'],
])

function* cookiesIn(header: string): Generator<{ name: string; value: string }> {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at >= 0) yield { name: trimmed(pair.slice(0, at)), value: trimmed(pair.slice(at + 1)) }
  }
}

/**
 * Spaces and tabs only: browsers let pages set names that begin with other white space, past the `__Host-` rule. By indexes:
 * an expression that looks for blanks at the end takes the square of how many stand in the middle.
 */
function trimmed(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (start < end && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/**
 * The token of the body or that of the cookie, if any.
 * @throws {SignetError} `invalid_request` when there are both: they may be of two sessions, and we do not choose
 */
export function onlyOne(inBody: string | undefined, inCookie: string | undefined): string | undefined {
  if (inBody === undefined || inCookie === undefined) return inBody ?? inCookie
  const mistakes = [{ pointer: '/refresh_token', detail: 'must not come with a cookie that holds a token too' }]
  throw new SignetError('invalid_request', 'a token in the body and another one in a cookie', { mistakes })
}
