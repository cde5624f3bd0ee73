/** What every spelling of a name has in common. */
import { nfkc } from '../base/text.ts'

/** A name has 64 characters and an address 254, each typed as at most four (a letter and its marks). */
export const longestTyped = 1024

/**
 * Without the blanks at its edges, in NFKC, in lower case (which can need another NFKC).
 * @returns undefined for what is empty, or too long to be a name: nobody looks into that
 */
export function folded(text: string): string | undefined {
  if (text.length > longestTyped) return undefined
  return nfkc(nfkc(text.trim()).toLowerCase()) || undefined
}
