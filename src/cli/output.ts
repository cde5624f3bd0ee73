/**
 * Standard output: a table for a person, tab-separated lines for a pipe, JSON when asked. What strangers sent (a user
 * agent, a name) must not steer the terminal it is shown on, so control characters never get through.
 */
import { once } from 'node:events'
import Table from 'cli-table3'

export type Row = Readonly<Record<string, string | number | boolean | null>>

/** Writes one JSON document on one line. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value).replace(/[\x7f-\x9f]/g, escaped)}\n`)
}

/** Writes pages of rows as they come: NDJSON, or a table a page, or a line a row. @returns how many rows */
export async function printRows(pages: AsyncIterable<readonly Row[]>, options: { json?: boolean }): Promise<number> {
  let count = 0
  for await (const rows of pages) {
    count += rows.length
    if (options.json) for (const row of rows) await printJson(row)
    else if (rows.length > 0) await print(process.stdout.isTTY ? tableOf(rows) : linesOf(rows))
  }
  return count
}

/** Writes one row: a JSON document, or a table. */
export async function printRow(row: Row, options: { json?: boolean | undefined }): Promise<void> {
  if (options.json) await printJson(row)
  else await print(process.stdout.isTTY ? tableOf([row]) : linesOf([row]))
}

/** Waits while a pipe is full, so that a long list never piles up in memory. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

function tableOf(rows: readonly Row[]): string {
  const table = new Table({ head: Object.keys(rows[0] ?? {}), style: { head: [], border: [], compact: true } })
  for (const row of rows) table.push(Object.values(row).map(visible))
  return `${table.toString()}\n`
}

function linesOf(rows: readonly Row[]): string {
  return rows.map(row => `${Object.values(row).map(visible).join('\t')}\n`).join('')
}

function visible(value: Row[string]): string {
  if (value === null || value === '') return '-'
  return String(value).replace(/\p{C}/gu, '\u{fffd}')
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
