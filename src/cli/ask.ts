/** Asking the person at the terminal. Questions go to standard error, so that standard output is only the answer. */
import { read } from 'read'
import { oneLine } from '../base/text.ts'
import { type Call, isInteractive } from './call.ts'
import { UsageError } from './failure.ts'

const longestPassword = 4096

/**
 * A password from standard input or, hidden and twice, from the terminal; there is no other way in, because arguments
 * stand in the process list and the shell's history.
 * @param check throws for one that would be refused, so that nobody types that twice
 */
export async function askPassword(
  call: Call,
  fromStandardInput: boolean | undefined,
  check: (password: string) => Promise<void>,
): Promise<string> {
  if (fromStandardInput) return readPassword(call)
  if (!isInteractive(call)) throw new UsageError('there is no terminal to ask for the password: use --password-stdin')
  const password = await ask(call, 'Password:', true)
  if (password === '') throw new Error('a password is required')
  await check(password)
  if ((await ask(call, 'Again:', true)) !== password) throw new Error('the two passwords differ')
  return password
}

/** Whether the answer is yes. */
export async function confirm(call: Call, question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(call, `${oneLine(question)} [y/N]`, false)).trim())
}

async function ask({ stdin, stderr }: Call, prompt: string, silent: boolean): Promise<string> {
  // Ctrl-D closes the prompt without an answer, of which `read` says nothing; it pauses the input, as an answer does too,
  // so the answer is given the time to come first.
  const ended = Promise.withResolvers<never>()
  const onPause = () => setImmediate(() => ended.reject(new Error('canceled')))
  stdin.once('pause', onPause)
  try {
    return await Promise.race([read({ prompt, silent, input: stdin, output: stderr }), ended.promise])
  } finally {
    stdin.off('pause', onPause)
    if (silent) stderr.write('\n')
  }
}

async function readPassword({ stdin }: Call): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
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
