/** A file as numbered lines, read as a stream. A byte-order mark is no part of a line. */

export interface ImportLine {
  readonly line: number
  /** How many bytes of the file end with this line. */
  readonly bytes: number
  /** Undefined when it cannot be read: longer than the limit, or not UTF-8. */
  readonly text: string | undefined
}

export const longestLine = 65_536

/** Of a line that never ends no more than its limit is kept. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<ImportLine, void> {
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

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decoded(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes).replace(/\r$/, '')
  } catch {
    return undefined
  }
}
