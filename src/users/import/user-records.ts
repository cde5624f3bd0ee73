/**
 * A file of users as numbered records, read as a stream. Each line is a record of its own (so a quoted CSV field ends on
 * its line), which is why a broken one costs only itself and every mistake has its line number.
 */
import { parse } from 'csv-parse/sync'
import { linesOf, longestLine } from './import-lines.ts'
import { readDocument } from './json-document.ts'
import { ImportedUser } from './user-import.ts'

/** `json` is one document with all users; the others have one a line. */
export type RecordFormat = 'ndjson' | 'csv' | 'json'

export interface UserRecord {
  readonly line: number
  /** How many bytes of the file end with this line. */
  readonly bytes: number
  readonly read: { readonly value: unknown } | { readonly mistake: string }
}

const columns = Object.keys(ImportedUser.properties)

/**
 * @param format guessed by the first character when absent: a document begins with a bracket, NDJSON with a brace
 * @param isOurs whether the columns of CSV are ours, or another system's
 * @throws {Error} when it is none of them, or the first row of CSV does not name the columns
 */
export async function* readRecords(
  chunks: AsyncIterable<Buffer>,
  format?: RecordFormat,
  isOurs = true,
): AsyncGenerator<UserRecord, void> {
  const { first, all } = await peeked(chunks)
  const known = format ?? (first === '[' ? 'json' : first === '{' ? 'ndjson' : 'csv')
  if (known === 'json') return yield* readDocument(all)
  let readLine = known === 'ndjson' ? readJson : undefined
  for await (const { line, bytes, text } of linesOf(all)) {
    if (text === undefined) yield { line, bytes, read: { mistake: `is longer than ${longestLine} bytes or not UTF-8` } }
    else if (text.trim() === '') continue
    else if (readLine) yield { line, bytes, read: readLine(text) }
    else readLine = isOurs ? rowReader(text) : foreignRowReader(text)
  }
}

/** The first character that is no blank, and everything from the beginning. */
async function peeked(chunks: AsyncIterable<Buffer>) {
  const iterator = chunks[Symbol.asyncIterator]()
  const { value: head, done } = await iterator.next()
  async function* all(): AsyncGenerator<Buffer, void> {
    if (done) return
    yield head
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  return { first: done ? '' : head.toString('utf8', 0, 1024).trimStart()[0], all: all() }
}

function readJson(line: string): UserRecord['read'] {
  try {
    return { value: JSON.parse(line) }
  } catch {
    return { mistake: 'is not JSON' }
  }
}

function rowReader(header: string): (line: string) => UserRecord['read'] {
  const names = (fieldsOf(header) ?? []).map(name => name.trim().toLowerCase())
  const unknown = names.findIndex((name, i) => !columns.includes(name) || names.indexOf(name) !== i)
  // A file without a header has somebody's password there: it is not repeated.
  if (unknown >= 0) throw new Error(`the header's column ${unknown + 1} is none of ${columns.join(', ')}, or repeated`)
  if (!names.includes('username')) throw new Error('the header has no column username')

  return line => readRow(line, names, true)
}

/** Any column may be there, and an empty field is a value. */
function foreignRowReader(header: string): (line: string) => UserRecord['read'] {
  const names = (fieldsOf(header) ?? []).map(name => name.trim())
  return line => readRow(line, names, false)
}

function readRow(line: string, names: readonly string[], isEmptyNone: boolean): UserRecord['read'] {
  const fields = fieldsOf(line)
  if (!fields) return { mistake: 'has a quote that does not end, or characters beside it' }
  if (fields.length !== names.length) return { mistake: `has ${fields.length} fields, the header ${names.length}` }
  const row = names.map((name, i) => [name, fields[i] ?? ''] as const)
  return { value: Object.fromEntries(isEmptyNone ? row.filter(([, value]) => value !== '') : row) }
}

/** The fields of a row (RFC 4180), or undefined. Without a quote there is nothing to parse. */
function fieldsOf(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',')
  try {
    return (parse(line) as string[][])[0]
  } catch {
    return undefined
  }
}
