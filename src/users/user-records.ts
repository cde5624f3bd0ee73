/**
 * A file of users as numbered records, read as a stream. Each line is a record of its own (so a quoted CSV field ends on
 * its line), which is why a broken one costs only itself and every mistake has its line number.
 */
import { parse } from 'csv-parse/sync'
import { ImportedUser } from './user-import.ts'

export type RecordFormat = 'ndjson' | 'csv'

export interface UserRecord {
  readonly line: number
  /** How many bytes of the file end with this line. */
  readonly bytes: number
  readonly read: { readonly value: unknown } | { readonly mistake: string }
}

const columns = Object.keys(ImportedUser.properties)
const longestLine = 65_536

/**
 * @param format guessed by the first character when absent: NDJSON begins with a brace
 * @throws {Error} when it is neither, or the first row of CSV does not name the columns
 */
export async function* readRecords(
  chunks: AsyncIterable<Buffer>,
  format?: RecordFormat,
): AsyncGenerator<UserRecord, void> {
  let readLine: ((line: string) => UserRecord['read']) | undefined
  for await (const { line, bytes, text } of linesOf(chunks)) {
    if (text === undefined) yield { line, bytes, read: { mistake: `is longer than ${longestLine} bytes or not UTF-8` } }
    else if (text.trim() === '') continue
    else if (readLine) yield { line, bytes, read: readLine(text) }
    else if ((format ?? guess(text)) === 'csv') readLine = rowReader(text)
    else {
      readLine = readJson
      yield { line, bytes, read: readLine(text) }
    }
  }
}

function guess(firstLine: string): RecordFormat {
  if (firstLine.trimStart().startsWith('[')) throw new Error('a JSON array cannot be imported: write one object a line')
  return firstLine.trimStart().startsWith('{') ? 'ndjson' : 'csv'
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

  return line => {
    const fields = fieldsOf(line)
    if (!fields) return { mistake: 'has a quote that does not end, or characters beside it' }
    if (fields.length !== names.length) return { mistake: `has ${fields.length} fields, the header ${names.length}` }
    const given = names.map((name, i) => [name, fields[i] ?? ''] as const).filter(([, value]) => value !== '')
    return {
      value: Object.fromEntries(given.map(([name, value]) => [name, name === 'disabled' ? flag(value) : value])),
    }
  }
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

/** What is neither stays text, and is refused by the schema. */
function flag(value: string): boolean | string {
  if (/^(true|1)$/i.test(value)) return true
  return /^(false|0)$/i.test(value) ? false : value
}

/** `text` is undefined for a line that cannot be read; of one that never ends no more than its limit is kept. */
async function* linesOf(chunks: AsyncIterable<Buffer>) {
  let [line, bytes, isTooLong] = [0, 0, false]
  let rest = Buffer.alloc(0)
  const next = (end: Buffer, endsWith: number) => {
    const whole = rest.length > 0 ? Buffer.concat([rest, end]) : end
    const text = isTooLong || whole.length > longestLine ? undefined : decoded(whole)
    bytes += end.length + endsWith
    isTooLong = false
    rest = Buffer.alloc(0)
    return { line: ++line, bytes, text }
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      yield next(chunk.subarray(start, end), 1)
      start = end + 1
    }
    const tail = chunk.subarray(start)
    bytes += tail.length
    isTooLong ||= rest.length + tail.length > longestLine
    rest = isTooLong ? Buffer.alloc(0) : Buffer.concat([rest, tail])
  }
  if (rest.length > 0 || isTooLong) yield next(Buffer.alloc(0), 0)
}

const utf8 = new TextDecoder('utf-8', { fatal: true }) // and without its byte order mark

function decoded(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes).replace(/\r$/, '')
  } catch {
    return undefined
  }
}
