/**
 * Headers of every answer, as one text that is made once. Six headers, each set, checked and joined for each answer, cost
 * more than a tenth of `GET /me`.
 */
import { ServerResponse } from 'node:http'

export type CommonHeaders = Readonly<Record<string, string>>

export function commonHeadersOf({ publicUrl }: { publicUrl: string }): CommonHeaders {
  return {
    'cache-control': 'no-store',
    pragma: 'no-cache', // RFC 6749 section 5.1 asks for it beside no-store
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(publicUrl.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
  }
}

/** What Node calls for each answer, with the line `HTTP/1.1 200 OK` and the headers to put under it. */
interface Storing {
  _storeHeader(firstLine: string, headers: object | undefined): void
}

const { _storeHeader: storeHeader } = ServerResponse.prototype as unknown as Storing

/** Answers that have these headers, but for those that a route gives a value of its own. */
export function responsesWith(common: CommonHeaders): typeof ServerResponse {
  const names = Object.keys(common)
  const textOf = (some: readonly string[]) => some.map(name => `${name}: ${common[name]}\r\n`).join('')
  const all = textOf(names)

  class CommonResponse extends ServerResponse implements Storing {
    _storeHeader(firstLine: string, headers: object = {}): void {
      // Whoever may be cached has no `pragma` either.
      const isOwn = (name: string) => name in headers || (name === 'pragma' && 'cache-control' in headers)
      const text = names.some(isOwn) ? textOf(names.filter(name => !isOwn(name))) : all
      storeHeader.call(this, firstLine + text, headers)
    }
  }
  return CommonResponse as unknown as typeof ServerResponse
}

/** Whether the headers come by themselves: not where an answer is made without a socket, as in tests. */
export function hasCommonHeaders(response: ServerResponse): boolean {
  return (response as unknown as Storing)._storeHeader !== storeHeader
}
