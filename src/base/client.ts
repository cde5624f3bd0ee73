/** Who is on the other end of a request, as far as an address tells. */
export interface Client {
  /** The address behind all trusted proxies; `unknown` (RFC 7239 section 6.2) when a connection had gone at once. */
  readonly ip: string
  /** What a limit counts as one client: the IPv4 address, or the IPv6 /64. */
  readonly network: string
  /** The IPv6 /48, of which one customer can have 65,536 networks; undefined for IPv4. */
  readonly site: string | undefined
  /** Many people share this address (`LOGIN_LIMIT_EXEMPT`): no limit counts it. */
  readonly isExempt: boolean
  /** Whether the connection is gone by now, and nobody waits for the answer. */
  readonly isGone: boolean
  readonly userAgent: string | undefined
  /** What languages its user reads (RFC 9110 section 12.5.4). */
  readonly acceptLanguage?: string | undefined
}
