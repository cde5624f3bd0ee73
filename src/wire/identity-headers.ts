/** What a gateway tells the services behind it about who is asking (docs/gateways.md). */
import type { AccessClaims } from '../tokens/access-token.ts'

/**
 * Every header, always: where one were left out, a gateway that copies headers would let the client's own through.
 * No value is `-`; what is not visible ASCII is percent-encoded (RFC 9110 section 5.5).
 */
export function identityHeaders(claims: AccessClaims): Readonly<Record<string, string>> {
  const known = made.get(claims)
  if (known) return known
  const { sub, username, role, sid, exp } = claims
  // Applications take an address for its owner's, so one that nobody has proven is none. Tokens of before say nothing of it.
  const email = claims.email_verified === false ? null : claims.email
  const headers = {
    'x-auth-user-id': headerValue(sub),
    'x-auth-username': headerValue(username),
    'x-auth-email': headerValue(email),
    'x-auth-role': headerValue(role),
    'x-auth-session-id': headerValue(sid),
    'x-auth-expires-at': String(exp),
  }
  made.set(claims, headers)
  return headers
}

/** Claims are frozen and remembered with their token, and what is made of them lives as long. */
const made = new WeakMap<AccessClaims, Readonly<Record<string, string>>>()

function headerValue(text: string | null): string {
  if (!text) return '-'
  if (text === '-') return '%2D' // somebody of that name is not nobody
  return text.replace(/[^\x21-\x24\x26-\x7e]+/g, part => encodeURIComponent(part.toWellFormed()))
}
