/** Who is behind the proxies that we trust, and nothing that a stranger wrote into a header. */
import { readAddress } from '../base/address.ts'

/**
 * Walks `X-Forwarded-For` from its end, where our own proxy wrote, while the one who wrote is trusted. An entry that is no
 * address ends the walk: whoever reported it is the client, for what stands before it nobody vouches.
 * @param peer the other end of the connection
 * @param header all header lines as one, as Node joins them
 */
export function clientAddress(
  peer: string,
  header: string | undefined,
  isTrusted: (address: string) => boolean,
): string {
  let client = peer
  let end = header?.length ?? -1
  while (header !== undefined && end >= 0 && isTrusted(client)) {
    const comma = end === 0 ? -1 : header.lastIndexOf(',', end - 1)
    const reported = readAddress(header.slice(comma + 1, end))
    if (reported === undefined) break
    client = reported
    end = comma
  }
  return client
}
