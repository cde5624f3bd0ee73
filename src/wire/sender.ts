/**
 * Which page made the browser send a request. Cookies go along whoever asks, so a request by cookie is believed only when
 * the browser names one of our own pages in a header that no script can write.
 */

/** `unknown`: the browser does not say, as on a link, in an address bar, or when it is no browser. */
export type Sender = 'ours' | 'foreign' | 'unknown'

export interface SenderHeaders {
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
}

/**
 * Whatever changes something by cookie needs `ours`; a gateway's check, which cannot know what the request will change,
 * needs anything but `foreign`.
 * @param origins the exact origins of our pages. `null`, which sandboxed pages send, is never among them
 */
export function senderOf(headers: SenderHeaders, origins: ReadonlySet<string>): Sender {
  // `same-site` is another host or port, and `none` is the address bar, which sends nothing unsafe.
  if (headers['sec-fetch-site'] === 'same-origin') return 'ours'
  // Older browsers, and ours on another origin: an unsafe request always names its origin (Fetch, section 3.2).
  if (headers.origin === undefined) return 'unknown'
  return origins.has(headers.origin) ? 'ours' : 'foreign'
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** RFC 9110 section 9.2.1. */
export function isUnsafe(method: string): boolean {
  return !safeMethods.has(method)
}
