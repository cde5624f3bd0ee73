/**
 * Unicode normal forms of text that strangers wrote. Bringing marks into their order takes the square of how many stand in
 * a row: a second of the event loop for what fits into a body. No language writes more than 30 (UAX #15 section 13,
 * "Stream-Safe Text Format"), so a text with more is left as it is, which is one form as well. The only place that
 * normalizes. Also: what a terminal may be shown.
 */

/** Composed: what looks alike and means the same is the same. */
export function nfc(text: string): string {
  return tooManyMarks.test(text) ? text : text.normalize('NFC')
}

/** Composed, and without variants of one letter such as full-width ones. */
export function nfkc(text: string): string {
  return tooManyMarks.test(text) ? text : text.normalize('NFKC')
}

/** The letter of one character, without its marks: ä is a. */
export function letterOf(character: string): string {
  return character.normalize('NFD').charAt(0)
}

/** Whether `nfc` and `nfkc` have brought the text into its normal form. */
export function isStreamSafe(text: string): boolean {
  return !tooManyMarks.test(text)
}

/**
 * What steers a terminal, or is not seen on one: control and format characters (C0, C1, the marks that turn the direction),
 * unpaired surrogates, what is not assigned, and the two separators of lines.
 */
export const steers = /[\p{C}\u2028\u2029]/gu

/** For a terminal: every such character is shown as U+FFFD. */
export function visible(text: string): string {
  return text.replace(steers, '\u{fffd}')
}

/** The same as one line. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, ' ')).trim()
}

/** With the two half-width voice marks of Japanese, which become marks in NFKC and are letters until then. */
const tooManyMarks = /[\p{M}\uff9e\uff9f]{31}/u
