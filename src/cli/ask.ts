/** Asking the person at the terminal. Questions go to standard error, so that standard output is only the answer. */
import { read } from 'read'
import { UsageError } from './failure.ts'

const longestPassword = 4096

export const isInteractive = () => process.stdin.isTTY && process.stderr.isTTY

/**
 * A password from standard input or, hidden and twice, from the terminal; there is no other way in, because arguments
 * stand in the process list and the shell's history.
 */
export async function askPassword(fromStandardInput: boolean | undefined): Promise<string> {
  if (fromStandardInput) return readPassword()
  if (!isInteractive()) throw new UsageError('there is no terminal to ask for the password: use --password-stdin')
  const password = await ask('Password:', true)
  if (password === '') throw new Error('a password is required')
  if ((await ask('Again:', true)) !== password) throw new Error('the two passwords differ')
  return password
}

/** Whether the answer is yes. */
export async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N]`, false)).trim())
}

async function ask(prompt: string, silent: boolean): Promise<string> {
  // Ctrl-D closes the prompt without an answer, of which `read` says nothing; it pauses the input, as an answer does too,
  // so the answer is given the time to come first.
  const ended = Promise.withResolvers<never>()
  const onPause = () => setImmediate(() => ended.reject(new Error('canceled')))
  process.stdin.once('pause', onPause)
  try {
    return await Promise.race([read({ prompt, silent, output: process.stderr }), ended.promise])
  } finally {
    process.stdin.off('pause', onPause)
    if (silent) process.stderr.write('\n')
  }
}

async function readPassword(): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk)
    length += chunk.length
    if (length > longestPassword) throw new Error(`a password has at most ${longestPassword} bytes`)
  }
  const text = decoded(Buffer.concat(chunks)).replace(/\r?\n$/, '')
  if (text === '') throw new Error('there is no password on standard input')
  return text
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Error('the password on standard input is not UTF-8')
  }
}
