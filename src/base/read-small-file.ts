/** Reads a file that holds one value, such as a secret that Docker or Kubernetes put there. */
import { closeSync, openSync, readSync } from 'node:fs'
import { asThrown } from './thrown.ts'

/** Far more than any value needs, and little enough for a path like /dev/zero to come to an end. */
const mostBytes = 1_048_576

/** @returns the text, or why there is none: the end of a sentence that begins with the file */
export function readSmallFile(path: string): { text: string } | { mistake: string } {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const bytes = Buffer.allocUnsafe(mostBytes + 1) // of which only what was read is looked at
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null) // a pipe comes in pieces
    }
    if (length > mostBytes) return { mistake: 'is larger than 1 MiB' }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length))
    return text.includes('\0') ? notText : { text }
  } catch (error) {
    const { code } = asThrown(error)
    return code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? notText : { mistake: `cannot be read (${code})` }
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const notText = { mistake: 'is not UTF-8 text: random bytes must be written in base64 or hex' }
