/** The container engine at hand, Docker's compose or podman-compose: both understand the same few words of the story. */
import { spawn, spawnSync } from 'node:child_process'

interface Written {
  readonly output: string
  readonly all: string
}

export interface Engine {
  readonly name: 'docker compose' | 'podman-compose'
  /**
   * Runs a command of compose in a folder with a compose.yaml.
   * @returns what it wrote @throws when it failed, with that in the message
   */
  compose(folder: string, env: Record<string, string>, ...args: string[]): Promise<string>
}

/** Older podman-compose does not pass on `dns_opt`. */
const dnsOptions = '--dns-opt=timeout:1 --dns-opt=attempts:5'

const engines = [
  {
    name: 'docker compose',
    command: ['docker', 'compose'],
    asks: [
      ['docker', 'info'],
      ['docker', 'compose', 'version'],
    ],
  },
  {
    name: 'podman-compose',
    command: ['podman-compose', `--podman-run-args=${dnsOptions}`],
    asks: [
      ['podman', 'info'],
      ['podman-compose', 'version'],
    ],
  },
] as const

/** @throws with what is missing, where there is none that answers */
export function findEngine(): Engine {
  const reasons: string[] = []
  for (const { name, command, asks } of engines) {
    const failed = asks.find(([program, ...args]) => spawnSync(program, args, { stdio: 'ignore' }).status !== 0)
    if (!failed)
      return { name, compose: async (folder, env, ...args) => (await run([...command, ...args], folder, env)).all }
    reasons.push(`"${failed.join(' ')}" fails`)
  }
  throw new Error(`no engine is at hand, neither docker compose nor podman-compose: ${reasons.join(', ')}`)
}

/** @returns what it wrote: to its standard output, and all of it @throws when it failed, with all of it */
export function run(command: readonly string[], cwd?: string, env: Record<string, string> = {}): Promise<Written> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const written = { output: '', all: '' }
  child.stdout.on('data', chunk => (written.output += chunk))
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (written.all += chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0) resolve(written)
      else reject(new Error(`${command.join(' ')} ended with ${code}:\n${written.all}`))
    })
  })
}
