/**
 * Whether a client has this version of an answer (RFC 9110 section 13.1.2): it names one, several, or any. Weak tags, which
 * proxies that compress make of ours, are compared alike.
 * @param etag without a comma between its quotes
 */
export function hasVersion(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const tags = ifNoneMatch.split(',').map(tag => tag.trim())
  return tags.some(tag => tag === '*' || tag.replace(/^W\//, '') === etag)
}
