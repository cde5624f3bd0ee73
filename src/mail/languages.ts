/** Which language a mail is in: what a browser prefers, of what there is (RFC 9110 section 12.5.4, RFC 4647 section 3.4). */

/** For which every text is there. */
export const defaultLanguage = 'en'

/** Longer lists are somebody's play. */
const longest = 1000

/**
 * @param available tags in lower case
 * @param otherwise when none of them is asked for
 */
export function chooseLanguage(
  acceptLanguage: string | undefined,
  available: readonly string[],
  otherwise = defaultLanguage,
): string {
  const ranges = (acceptLanguage ?? '')
    .slice(0, longest)
    .split(',')
    .map(readRange)
    .filter(({ tag, quality }) => tag !== '' && quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
  for (const { tag } of ranges) {
    for (let wanted = tag; wanted !== ''; wanted = wanted.slice(0, Math.max(wanted.lastIndexOf('-'), 0))) {
      if (available.includes(wanted)) return wanted
    }
  }
  return otherwise
}

function readRange(text: string): { tag: string; quality: number } {
  const [tag = '', weight = 'q=1'] = text
    .trim()
    .toLowerCase()
    .split(/\s*;\s*/)
  const quality = Number(/^q=([01](?:\.\d{0,3})?)$/.exec(weight)?.[1] ?? 0)
  return { tag, quality }
}
