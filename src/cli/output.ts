/**
 * Standard output: a table for a person, tab-separated lines for a pipe, JSON when asked. What strangers sent (a user
 * agent, a name) must not steer the terminal it is shown on: it is replaced in tables, and escaped in JSON, which so says
 * the same and loses nothing.
 */
import { once } from 'node:events'
import Table from 'cli-table3'
import { steers, visible } from '../base/text.ts'
import type { Call } from './call.ts'

export type Row = Readonly<Record<string, string | number | boolean | null>>
type Out = Pick<Call, 'stdout'>

/** One JSON document on one line. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(steers, escaped)}\n`
}

/** Writes one JSON document on one line. */
export async function printJson(out: Out, value: unknown): Promise<void> {
  await print(out, jsonLine(value))
}

/** Writes pages of rows as they come: NDJSON, or a table a page, or a line a row. @returns how many rows */
export async function printRows(
  out: Out,
  pages: AsyncIterable<readonly Row[]>,
  options: { json?: boolean },
): Promise<number> {
  let count = 0
  for await (const rows of pages) {
    count += rows.length
    if (options.json) for (const row of rows) await printJson(out, row)
    else if (rows.length > 0) await print(out, out.stdout.isTTY ? tableOf(rows) : linesOf(rows))
  }
  return count
}

/** Writes one row: a JSON document, or a table. */
export async function printRow(out: Out, row: Row, options: { json?: boolean | undefined }): Promise<void> {
  if (options.json) await printJson(out, row)
  else await print(out, out.stdout.isTTY ? tableOf([row]) : linesOf([row]))
}

/** Waits while a pipe is full, so that a long list never piles up in memory. */
async function print({ stdout }: Out, text: string): Promise<void> {
  if (!stdout.write(text)) await once(stdout, 'drain')
}

function tableOf(rows: readonly Row[]): string {
  const table = new Table({ head: Object.keys(rows[0] ?? {}), style: { head: [], border: [], compact: true } })
  for (const row of rows) table.push(Object.values(row).map(cell))
  return `${table.toString()}\n`
}

function linesOf(rows: readonly Row[]): string {
  return rows.map(row => `${Object.values(row).map(cell).join('\t')}\n`).join('')
}

function cell(value: Row[string]): string {
  return value === null || value === '' ? '-' : visible(String(value))
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, i) => hex(character.charCodeAt(i))).join('')
}

const hex = (unit: number) => `\\u${unit.toString(16).padStart(4, '0')}`
