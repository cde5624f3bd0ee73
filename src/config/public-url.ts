/** The parts of `PUBLIC_URL`: the origin that browsers name, and the path under which a gateway keeps Signet. */

/** `https://example.com` of `https://example.com/auth`. */
export function originOf(publicUrl: string): string {
  return new URL(publicUrl).origin
}

/** `/auth` of `https://example.com/auth`; empty where there is no path. */
export function pathOf(publicUrl: string): string {
  return publicUrl.slice(originOf(publicUrl).length)
}

/**
 * Whether a text is an origin exactly as browsers write it, which is how it will be compared, and after it nothing or a
 * path that every reader reads alike: no dot segment, nothing encoded, no slash at its end.
 */
export function isPublicUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !isOrigin(url.origin) || !text.startsWith(url.origin)) return false
  const path = text.slice(url.origin.length)
  return path === '' || (path === url.pathname && /^(?:\/[A-Za-z0-9._~-]+)+$/.test(path))
}

/** Whether a text is an http origin exactly as browsers write it. */
export function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && url.origin === text && !text.includes('*')
}
