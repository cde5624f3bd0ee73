/**
 * Addresses of clients in one form each, so that a client is one client however a proxy or a socket spells it. The only
 * place that takes an address apart.
 */
import { isIP, SocketAddress } from 'node:net'

/** An IPv6 address at its longest, with brackets, a zone and a port. */
const longest = 80

/**
 * The address in an entry of `X-Forwarded-For`, or of a socket, without what stands around it: blanks, a port
 * (`203.0.113.7:50001`, `[2001:db8::1]:443`), a zone (`fe80::1%eth0`). IPv4-mapped IPv6 is IPv4 (RFC 4291 section
 * 2.5.5.2); IPv6 comes out as RFC 5952 writes it.
 * @returns undefined for what is no address, as `unknown` and `_hidden` (RFC 7239 section 6)
 */
export function readAddress(entry: string): string | undefined {
  const text = entry.trim()
  if (text.length > longest) return undefined
  const address = withoutZone(withoutPort(text))
  const version = isIP(address)
  if (version === 0) return undefined
  return version === 4 ? address : canonicalIPv6(address).replace(/^::ffff:(?=.*\.)/, '')
}

/** What counts as one client: the IPv4 address, or the /64 that every subscriber has (RFC 6177). */
export function networkOf(address: string): string {
  return address.includes(':') ? startOf(address, 4) : address
}

/** The IPv6 /48, which one customer can have whole, so 65,536 of the above; undefined for IPv4. */
export function siteOf(address: string): string | undefined {
  return address.includes(':') ? `${startOf(address, 3)}/48` : undefined
}

function withoutPort(text: string): string {
  if (text.startsWith('[')) return /^\[([^[\]]+)\](?::\d{1,5})?$/.exec(text)?.[1] ?? ''
  // Behind a dot a colon can only begin a port; in `2001:db8::1:443` nobody can tell.
  return /^(.+\.\d+):\d{1,5}$/.exec(text)?.[1] ?? text
}

/** RFC 4007 section 11: a zone is the matter of one machine, and only IPv6 has any. */
function withoutZone(text: string): string {
  const at = text.indexOf('%')
  return at > 0 && text.includes(':') ? text.slice(0, at) : text
}

/** Remembered, because proxies and clients come again, and a header can have the same one four thousand times. */
const canonical = new Map<string, string>()

function canonicalIPv6(address: string): string {
  const known = canonical.get(address)
  if (known !== undefined) return known
  if (canonical.size >= 1000) canonical.clear()
  const made = new SocketAddress({ address, family: 'ipv6' }).address
  canonical.set(address, made)
  return made
}

/** The address with all groups of 16 bits but the first few set to zero. */
function startOf(address: string, groups: number): string {
  const [left = '', right] = address.split('::')
  const [head, tail] = [left, right ?? ''].map(part => (part === '' ? [] : part.split(':'))) as [string[], string[]]
  const zeros = 8 - head.length - tail.length - (address.includes('.') ? 1 : 0)
  const all = [...head, ...Array<string>(Math.max(zeros, 0)).fill('0'), ...tail]
  return canonicalIPv6(`${all.slice(0, groups).join(':')}::`)
}
