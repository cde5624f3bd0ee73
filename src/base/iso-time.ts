/** @param seconds epoch seconds. @returns RFC 3339 in UTC, as people and other systems read it */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
