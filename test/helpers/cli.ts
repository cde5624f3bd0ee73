import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { main } from '../../src/cli/main.ts'
import { root } from './places.ts'
import { compiledCode, environment } from './process.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const environmentOf = (env: Record<string, string>) => environment({ BCRYPT_COST: '10', ...env })
const environmentOfProcess = (env: Record<string, string>) => ({ ...environmentOf(env), ...compiledCode })

/**
 * Runs a command to its end in this process: all but the dozen lines of src/cli.ts, in a tenth of the time.
 * @param input what is on its standard input
 * @param terminal which streams are one; nothing is typed there
 */
export async function cli(
  args: readonly string[],
  env: Record<string, string>,
  input: string | Buffer = '',
  terminal: readonly ('stdin' | 'stderr')[] = [],
): Promise<Ended> {
  const text = { stdout: '', stderr: '' }
  const into = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk, _, done) {
        text[name] += chunk
        done()
      },
    })
  const stdin = Readable.from(input.length === 0 ? [] : [typeof input === 'string' ? Buffer.from(input) : input])
  const isTTY = (name: 'stdin' | 'stderr') => (terminal.includes(name) ? { isTTY: true } : {})
  const code = await main(args, {
    env: environmentOf(env),
    stdin: Object.assign(stdin, isTTY('stdin')),
    stdout: into('stdout'),
    stderr: Object.assign(into('stderr'), isTTY('stderr')),
  })
  return { code, ...text }
}

/** Starts the command line from the sources, as somebody would: a real process, its own environment. */
export function startCli(args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['src/cli.ts', ...args], { cwd: root, stdio: 'pipe', env: environmentOfProcess(env) })
}

/** The same as a process, where the promise is about one. */
export async function cliProcess(args: readonly string[], env: Record<string, string>, input = ''): Promise<Ended> {
  const child = startCli(args, env)
  child.stdin?.on('error', () => {}) // it may be gone before it has read everything
  child.stdin?.end(input)
  return endOf(child)
}

export async function endOf(child: ChildProcess): Promise<Ended> {
  const text = { stdout: '', stderr: '' }
  child.stdout?.on('data', chunk => (text.stdout += chunk))
  child.stderr?.on('data', chunk => (text.stderr += chunk))
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, ...text }
}

/** `script` of util-linux gives a command a terminal; not every machine has it. */
export const noTerminal = existsSync('/usr/bin/script') ? false : 'script of util-linux is not installed'

/**
 * Runs a command on a terminal of its own.
 * @param answers what is typed when the screen shows a text, in this order
 * @returns the exit code and the whole screen, standard output and error in one
 */
export async function cliOnTerminal(
  args: readonly string[],
  env: Record<string, string>,
  answers: readonly (readonly [sees: string, types: string])[] = [],
): Promise<{ code: number | null; screen: string }> {
  const quoted = [process.execPath, 'src/cli.ts', ...args].map(word => `'${word}'`).join(' ')
  const child = spawn('/usr/bin/script', ['-qec', quoted, '/dev/null'], {
    cwd: root,
    stdio: 'pipe',
    env: environmentOfProcess({ TERM: 'xterm', ...env }),
  })
  let screen = ''
  let seen = 0
  const left = [...answers]
  child.stdout.on('data', chunk => {
    screen += chunk
    const [sees, types] = left[0] ?? []
    if (sees === undefined || !screen.slice(seen).includes(sees)) return
    seen = screen.length
    left.shift()
    child.stdin.write(types ?? '')
  })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, screen }
}
