/** Who is on the other end of a request, as far as an address tells. */
export interface Client {
  /** The address behind all trusted proxies. */
  readonly ip: string
  /** What a limit counts as one client: the IPv4 address, or the IPv6 /64. */
  readonly network: string
  readonly userAgent: string | undefined
}
