#!/usr/bin/env node
/** Entry of the command line. Each group of commands is a file in cli/, loaded only when it is called. */
import { Command } from 'commander'
import { keepCompiledCode } from './process/compile-cache.ts'

type Adder = (group: Command, env: NodeJS.ProcessEnv) => void

const groups: Record<string, { description: string; load: () => Promise<Adder> }> = {
  users: {
    description: 'add, list, change, unlock, delete and import users',
    load: async () => (await import('./cli/users.ts')).addUserCommands,
  },
  sessions: {
    description: 'list and end sessions',
    load: async () => (await import('./cli/sessions.ts')).addSessionCommands,
  },
  keys: {
    description: 'show, stage and rotate the keys that sign access tokens (not under HS256)',
    load: async () => (await import('./cli/keys.ts')).addKeyCommands,
  },
  db: {
    description: 'migrate, copy, back up and restore the database',
    load: async () => (await import('./cli/db.ts')).addDbCommands,
  },
}

keepCompiledCode() // for what the commands load: half of the time a short one takes

const program = new Command('signet')
  .description('Signet, a token service: passwords in, short-lived access tokens and revocable refresh tokens out')
  .option('--verbose', 'write what was changed to standard error, as the lines of the audit log')
  .helpCommand(false)
  .configureOutput({ outputError: (message, write) => write(withoutValues(message)) })
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))

program
  .command('serve')
  .description('start the service with the environment')
  .action(async () => void (await import('./server.ts')))

program
  .command('healthcheck')
  .description('ask the service on this machine whether it is ready: exit code 0 or 1')
  .option('--live', 'ask only whether the process is alive')
  .action(async (options: { live?: boolean }) => {
    const { healthcheck } = await import('./cli/healthcheck.ts')
    process.exitCode = (await healthcheck(process.env, options.live ? 'live' : 'ready')) ? 0 : 1
  })

for (const [name, { description }] of Object.entries(groups)) program.command(name).description(description)
program.hook('preSubcommand', async (_, group) => {
  const add = await groups[group.name()]?.load()
  if (add) {
    const { strangeVariables } = await import('./config/config.ts')
    for (const line of strangeVariables(process.env)) process.stderr.write(`signet: ${line}\n`)
  }
  add?.(group.helpCommand(false), process.env)
})

// The reader of a pipe may have seen enough (`| head`): that is no failure.
for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveIfClosed)

try {
  await program.parseAsync(idsLast(helpLast(process.argv.slice(2))), { from: 'user' })
} catch (error) {
  const { explain } = await import('./cli/failure.ts')
  process.exitCode = explain(error)
}

function leaveIfClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}

/** One line, and without what may be a password: `--password=…`, `-p…`, or one argument too many. */
function withoutValues(message: string): string {
  const line = message.replace(/^error: /, 'signet: ').replace(/\s+/g, ' ')
  const option = line.replace(/(unknown option '(?:--[a-z-]+|-\w)).*'/i, "$1'")
  return `${option.replace(/(too many arguments .* but got \d+): .*/, '$1').trim()}\n`
}

/** `help users` is `users --help`, so that the group is loaded for it. */
function helpLast(args: string[]): string[] {
  return args[0] === 'help' ? [...args.slice(1), '--help'] : args
}

/** Ids are 22 characters of base64url, so one in 64 begins like an option; behind `--` it cannot be taken for one. */
function idsLast(args: string[]): string[] {
  const isId = (arg: string, i: number) => /^-[\w-]{21}$/.test(arg) && args[i - 1] !== '--user' && !args.includes('--')
  const ids = args.filter(isId)
  return ids.length === 0 ? args : [...args.filter((arg, i) => !isId(arg, i)), '--', ...ids]
}
