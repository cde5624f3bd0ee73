import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { root } from './places.ts'
import { practiceUsers } from './practice-users.ts'
import { newSecret } from './tokens.ts'

export interface RunningServer {
  readonly url: string
  readonly port: number
  readonly process: ChildProcess
  /** Everything it wrote so far. */
  output(): string
  /**
   * Sends a signal and waits for the end. A SIGTERM takes three seconds, in which gateways see that readiness fails.
   * @returns the exit code, or null when it was killed
   */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/**
 * A port that nobody listens on. Not one that the system gives away by itself (from 32768 on, by default): a connection of
 * another test could take it before it is used, or while a server is restarted on it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 32_000)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch {
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}

export async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/**
 * Where the tests keep compiled code, for what they start, too: an entry of ours knows its own folder only when it runs, and
 * stripping its types takes as long as half of the rest.
 */
const { NODE_COMPILE_CACHE } = process.env
export const compiledCode: Record<string, string> = NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE } : {}

/** Only what a process needs to run, plus what is given: nothing of the developer's own environment. */
export function environment(given: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'], TZ: 'UTC', ...given }
}

/**
 * Starts a real server process from the sources and waits until it is ready, or just answers.
 * @param through a command that ends by executing its arguments
 */
export async function startServer(
  t: Pick<Test, 'teardown'>,
  env: Record<string, string> = {},
  until: 'ready' | 'live' = 'ready',
  through: readonly string[] = [],
): Promise<RunningServer> {
  const port = env['PORT'] ? Number(env['PORT']) : await freePort()
  const [program = '', ...args] = [...through, process.execPath, 'src/server.ts']
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment({
      JWT_SECRET_KEY: newSecret(),
      PUBLIC_URL: 'http://localhost:3000',
      DATABASE_URL: 'sqlite::memory:',
      SEED_USERS_FILE: practiceUsers(10),
      BCRYPT_COST: '10',
      LOGIN_LIMIT_PER_IP: '0',
      SHUTDOWN_GRACE: '60', // on a busy machine a stop takes as long as it takes
      ...compiledCode,
      ...env,
      PORT: String(port),
    }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (output += chunk))
  const ended = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))
  t.teardown(() => child.kill('SIGKILL'))

  const url = `http://127.0.0.1:${port}`
  await waitUntil(async () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${output}`)
    return (await fetch(`${url}/health/${until}`)).ok
  })
  return {
    url,
    port,
    process: child,
    output: () => output,
    stop(signal = 'SIGINT') {
      child.kill(signal)
      return ended
    },
  }
}

/**
 * Asks until the answer is true; refused connections count as not yet.
 * @param seconds how long at most. Counted are the pauses between the questions: on a busy machine, where an answer takes
 *   longer, whoever is waited for takes longer too
 */
export async function waitUntil(ask: () => Promise<boolean>, seconds = 30): Promise<void> {
  const pause = 20
  for (let waited = 0; waited <= seconds * 1000; waited += pause) {
    const yes = await ask().catch(error => {
      if (error instanceof TypeError) return false // fetch failed
      throw error
    })
    if (yes) return
    await new Promise(resolve => setTimeout(resolve, pause))
  }
  throw new Error(`still not so after ${seconds} s`)
}

export async function postJson(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}
