/** E-mail addresses: one canonical form, whichever way a browser writes a domain with letters beyond ASCII. */
import { domainToASCII, domainToUnicode } from 'node:url'
import { folded } from './folded.ts'

const form = /^([^\s@\p{C}]+)@([^\s@\p{C}]+)$/u
/** UTS #46 reads more than a domain into some characters; these it only maps. */
const unicodeDomain = /^[\p{L}\p{M}\p{N}.。_-]+$/u

/** The canonical form, with the domain in ASCII (RFC 5891), or undefined when it is no address. */
export function canonicalEmail(email: string): string | undefined {
  const [, local, domain = ''] = form.exec(folded(email) ?? '') ?? []
  if (local === undefined) return undefined
  const ascii = /^[!-~]+$/.test(domain) ? domain : unicodeDomain.test(domain) ? domainToASCII(domain) : ''
  const canonical = `${local}@${ascii}`
  return ascii !== '' && Buffer.byteLength(canonical) <= 254 ? canonical : undefined
}

/**
 * The forms in which an address may be stored: as it was written, which was the rule before domains were made ASCII, then
 * as it would be now, then with the domain in Unicode. None when it is no address.
 */
export function spellingsOf(email: string): string[] {
  const written = folded(email) ?? ''
  if (!form.test(written)) return []
  const canonical = canonicalEmail(email)
  return [...new Set([written, ...(canonical ? [canonical, inUnicode(canonical)] : [])])]
}

function inUnicode(canonical: string): string {
  const at = canonical.indexOf('@') + 1
  const domain = canonical.slice(at)
  return domain.includes('xn--') ? canonical.slice(0, at) + (domainToUnicode(domain) || domain) : canonical
}
