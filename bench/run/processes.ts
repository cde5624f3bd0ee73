/** Servers as processes of their own: started, asked how they are, and always stopped, each by its own id. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment, freePort } from '../../test/helpers/process.ts'
import type { ProbeReport } from '../servers/probe.ts'
import { type Cores, onCores } from './cores.ts'
import { root } from './root.ts'

export interface ServerOptions {
  /** Another one than `node`; it is asked for nothing but its processor time, and that of the system. */
  readonly program?: string
  /** What follows `node`. */
  readonly args: readonly string[]
  readonly env?: Record<string, string>
  /** Where it runs; this tree when not given. */
  readonly folder?: string
  readonly cores?: Cores
  /** A free one when not given. */
  readonly port?: number
  /** Preloads servers/probe.ts, which answers `probe`; it costs memory and start time. */
  readonly probed?: boolean
  /** A path that answers 200 once it serves. */
  readonly readyPath?: string
  /** Where standard output, and with it the log, goes: nowhere (a system call all the same), a file, or a pipe. */
  readonly output?: 'ignore' | 'pipe' | number
}

export interface Server {
  readonly url: string
  readonly pid: number
  /** From spawn to the first answer. */
  readonly startMilliseconds: number
  probe(): Promise<ProbeReport>
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

export async function startServer(options: ServerOptions): Promise<Server> {
  const {
    program,
    args,
    env = {},
    folder = root,
    cores = 'one',
    probed = !program,
    readyPath = '/health/live',
    output = 'ignore',
  } = options
  const port = options.port ?? (await freePort())
  const preload = probed ? ['--import', './bench/servers/probe.ts'] : []
  const [command = '', ...rest] = onCores(cores, [program ?? process.execPath, ...preload, ...args])
  const stdio: StdioOptions = ['ignore', output, 'pipe', ...(probed ? (['ipc'] as const) : [])]

  const startedAt = performance.now()
  const child = spawn(command, rest, { cwd: folder, stdio, env: environment({ ...env, PORT: String(port) }) })
  running.add(child)
  let errors = ''
  child.stderr?.on('data', chunk => {
    errors += chunk
  })
  child.stdout?.resume()
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  void ended.then(() => running.delete(child))

  while (!(await answers(port, readyPath))) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}:\n${errors}`)
    if (performance.now() - startedAt > 20_000) throw new Error(`${args.join(' ')} does not answer:\n${errors}`)
    await sleep(1)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid as number,
    startMilliseconds: performance.now() - startedAt,
    probe: async () => (program ? processorTime(child.pid as number) : ask(child)),
    async stop() {
      child.kill('SIGINT') // Signet waits for its gateway on SIGTERM only
      const late = setTimeout(() => child.kill('SIGKILL'), 3000)
      await ended
      clearTimeout(late)
    },
  }
}

/** Of Linux, in its ticks of ten milliseconds. */
function processorTime(pid: number): ProbeReport {
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1) ?? ''
  const [user = 0, system = 0] = afterName.split(' ').slice(11, 13).map(Number)
  return { cpuMicroseconds: (user + system) * 10_000, eventLoopDelayP99: Number.NaN }
}

async function ask(child: ChildProcess): Promise<ProbeReport> {
  const given = new AbortController()
  const { signal } = given
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the server ended while it was measured')
  })
  child.send('probe')
  try {
    const [report] = await Promise.race([once(child, 'message', { signal }), ended])
    return report as ProbeReport
  } finally {
    ended.catch(() => {})
    given.abort()
  }
}

/** By hand on a socket: nothing is quicker at noticing the first answer. */
function answers(port: number, path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    })
    socket.setTimeout(5000, () => socket.destroy())
    socket.once('data', bytes => {
      resolve(bytes.toString('latin1').startsWith('HTTP/1.1 200'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
