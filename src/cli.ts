#!/usr/bin/env node
/** Entry of the command line. Each command is a file in cli/, loaded only when it is called. */
import { Command } from 'commander'

const program = new Command('signet')
  .description('Signet, a token service: passwords in, short-lived access tokens and revocable refresh tokens out')
  .showHelpAfterError()
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

await program.parseAsync()
