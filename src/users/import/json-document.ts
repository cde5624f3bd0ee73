/**
 * The users of one JSON document: an array, or the array `users` of an object, as Keycloak and Firebase export them. Each
 * is read by itself, so a broken one costs only itself and every mistake has its line number.
 */
import type { UserRecord } from './user-records.ts'

const longestDocument = 256 * 2 ** 20

/** @throws {Error} when it is longer than 256 MiB, not UTF-8, or without users */
export async function* readDocument(chunks: AsyncIterable<Buffer>): AsyncGenerator<UserRecord, void> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    bytes += chunk.length
    if (bytes > longestDocument) throw new Error('the document is longer than 256 MiB: export it in several files')
  }
  let isEmpty = true
  for (const element of usersOf(decoded(Buffer.concat(parts)))) {
    isEmpty = false
    yield { ...element, bytes }
  }
  if (isEmpty) throw new Error('the document has no users: it must be an array, or have an array called users')
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('the file is not UTF-8')
  }
}

/** Follows brackets and strings, and leaves it to the parser whether what is between them is JSON. */
function* usersOf(text: string): Generator<Omit<UserRecord, 'bytes'>> {
  const token = /["{}[\]\n]/g
  let [depth, line, key] = [0, 1, '']
  /** The depth of the array's elements, while it is open. */
  let inside: number | undefined
  let user: { readonly start: number; readonly line: number } | undefined
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const { 0: character, index } = found
    if (character === '\n') line++
    else if (character === '"') {
      const end = endOfString(text, index)
      if (depth === 1) key = text.slice(index + 1, end)
      token.lastIndex = end + 1
    } else if (character === '{' || character === '[') {
      const isUsers = character === '[' && (depth === 0 || (depth === 1 && key === 'users'))
      if (character === '{' && depth === inside) user = { start: index, line }
      depth++
      if (isUsers && inside === undefined) inside = depth
    } else {
      depth--
      if (user && depth === inside) {
        yield { line: user.line, read: parsed(text.slice(user.start, index + 1)) }
        user = undefined
      }
      if (inside !== undefined && depth < inside) inside = undefined
    }
  }
  if (depth !== 0) yield { line, read: { mistake: 'the document ends before it is complete' } }
}

/** The index of its closing quote. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text[end - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return end
  }
  return text.length
}

function parsed(text: string): UserRecord['read'] {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return { mistake: 'is not JSON' }
  }
}
