/**
 * A small mistake, as a careless developer or a merge makes it, that a test must notice. It is found by its text, not by
 * a line, and a text that is no longer there is an error: so a mutant cannot rot without a word.
 */
export interface Mutant {
  /** What it breaks. */
  readonly name: string
  /** From the root. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** Which test files should notice, the quickest first. */
  readonly tests: readonly string[]
  /** A part of the titles of the tests that are run of them; all when not given. */
  readonly only?: string
}
