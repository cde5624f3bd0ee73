/** The command line. Each group of commands is a file of its own, loaded only when it is called. */
import { Command, CommanderError } from 'commander'
import { oneLine } from '../base/text.ts'
import { version } from '../base/version.ts'
import { type Call, say } from './call.ts'

type Adder = (group: Command, call: Call) => void

const groups: Record<string, { description: string; load: () => Promise<Adder> }> = {
  users: {
    description: 'add, invite, list, change, unlock, delete and import users',
    load: async () => (await import('./users.ts')).addUserCommands,
  },
  sessions: {
    description: 'list and end sessions',
    load: async () => (await import('./sessions.ts')).addSessionCommands,
  },
  keys: {
    description: 'show, stage and rotate the keys that sign access tokens (not under HS256)',
    load: async () => (await import('./keys.ts')).addKeyCommands,
  },
  mail: {
    description: 'see what waits to be sent, and try again',
    load: async () => (await import('./mail.ts')).addMailCommands,
  },
  db: {
    description: 'migrate, copy, back up and restore the database',
    load: async () => (await import('./db.ts')).addDbCommands,
  },
}

/**
 * Runs one command to its end.
 * @param args without the program's own name
 * @param given the process, or what stands for one
 * @returns the exit code: 0 done, 1 failed, 2 called in a wrong way
 */
export async function main(args: readonly string[], given: Omit<Call, 'exitCode'>): Promise<Call['exitCode']> {
  const { env, stdin, stdout, stderr } = given
  const call: Call = { env, stdin, stdout, stderr, exitCode: 0 }
  try {
    await programOf(call).parseAsync(idsLast(helpLast(args)), { from: 'user' })
    return call.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // it has said what it had to say
    return (await import('./failure.ts')).explain(call, error)
  }
}

function programOf(call: Call): Command {
  const program = new Command('signet')
    .description('Signet, a token service: passwords in, short-lived access tokens and revocable refresh tokens out')
    .version(version, '--version', 'print the version')
    .option('--verbose', 'write what was changed to standard error, as the lines of the audit log')
    .helpCommand(false)
    .configureOutput({
      writeOut: text => void call.stdout.write(text),
      writeErr: text => void call.stderr.write(text),
      outputError: message => say(call, withoutValues(message)),
    })
    .exitOverride()

  program
    .command('serve')
    .description('start the service with the environment')
    .action(async () => void (await import('../process/serve.ts')))

  program
    .command('healthcheck')
    .description('ask the service on this machine whether it is ready: exit code 0 or 1')
    .option('--live', 'ask only whether the process is alive')
    .action(async (options: { live?: boolean }) => {
      const { healthcheck } = await import('./healthcheck.ts')
      call.exitCode = (await healthcheck(call, options.live ? 'live' : 'ready')) ? 0 : 1
    })

  for (const [name, { description }] of Object.entries(groups)) program.command(name).description(description)
  return program.hook('preSubcommand', async (_, group) => {
    const add = await groups[group.name()]?.load()
    if (!add) return
    const { strangeVariables } = await import('../config/config.ts')
    for (const line of strangeVariables(call.env)) say(call, line)
    add(group.helpCommand(false), call)
  })
}

/** Without what may be a password: `--password=…`, `-p…`, or one argument too many. */
function withoutValues(message: string): string {
  const line = oneLine(message).replace(/^error: /, '')
  const option = line.replace(/(unknown option '(?:--[a-z-]+|-\w)).*'/i, "$1'")
  return option.replace(/(too many arguments .* but got \d+): .*/, '$1')
}

/** `help users` is `users --help`, so that the group is loaded for it. */
function helpLast(args: readonly string[]): readonly string[] {
  return args[0] === 'help' ? [...args.slice(1), '--help'] : args
}

/** Ids are 22 characters of base64url, so one in 64 begins like an option; behind `--` it cannot be taken for one. */
function idsLast(args: readonly string[]): string[] {
  const isId = (arg: string, i: number) => /^-[\w-]{21}$/.test(arg) && args[i - 1] !== '--user' && !args.includes('--')
  const ids = args.filter(isId)
  return ids.length === 0 ? [...args] : [...args.filter((arg, i) => !isId(arg, i)), '--', ...ids]
}
