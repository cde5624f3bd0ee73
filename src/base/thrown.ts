/** What a `catch` got: JavaScript lets it be anything, and here it is an error, with what systems add to theirs. */
export interface Thrown extends Error {
  /** As in `ENOENT`, of the operating system, of Node or of PostgreSQL (SQLSTATE). */
  readonly code?: string
  /** Of SQLite, with its extended bits. */
  readonly errcode?: number
}

/** @returns what was thrown, and an error that says it when it was none */
export function asThrown(thrown: unknown): Thrown {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown })
}
