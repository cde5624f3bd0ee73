/** `signet db copy`: from one database to another, whichever engines they are. */
import { type Command, Option } from 'commander'
import { ConfigError, loadCommandConfig } from '../config/config.ts'
import { type Database, nameOfDatabase } from '../config/database-url.ts'
import { copyDatabase } from '../copy/copy-service.ts'
import { openTransferTarget, withTransferSource } from '../engines/open-stores.ts'
import type { Call, Environment } from './call.ts'
import { UsageError } from './failure.ts'
import { onInterrupt } from './interrupt.ts'
import { printRow } from './output.ts'
import { startProgress } from './progress.ts'

interface CopyOptions {
  readonly from?: string
  readonly fromFile?: string
  readonly to?: string
  readonly toFile?: string
  readonly restart?: boolean
  readonly json?: boolean
}

export function copyCommand(db: Command, call: Call): void {
  db.command('copy')
    .description('copy everything into an empty database, of the same or the other engine, while the service serves')
    .addOption(new Option('--from <url>', 'the database that is copied; it is only read').conflicts('fromFile'))
    .option('--from-file <file>', 'a file that holds this URL')
    .addOption(new Option('--to <url>', 'the database to copy into').conflicts('toFile'))
    .option('--to-file <file>', 'a file that holds this URL')
    .option('--restart', 'empty what an interrupted copy left behind, and begin again')
    .option('--json', 'print the counts as one JSON document')
    .addHelpText(
      'after',
      `
URLs are those of DATABASE_URL. One with a password is not taken as an argument: put it into a file, or into
FROM_DATABASE_URL or TO_DATABASE_URL (or FROM_DATABASE_URL_FILE, TO_DATABASE_URL_FILE).

What is written to the source after the copy has begun is not in it: logins, refreshes and logouts in between are lost to
the new database. Stop the service first where that matters. Use the same JWT_SECRET_KEY afterwards.
Users, second factors, sessions, signing keys, failed attempts, the salt and the data key are copied; the limits of the current minute are not. Until the
copy is complete and compared, no service starts on it.`,
    )
    .action((_: unknown, command: Command) => copy(call, command.optsWithGlobals()))
}

async function copy(call: Call, options: CopyOptions) {
  const from = databaseOf('from', options.from, options.fromFile, call.env)
  const to = databaseOf('to', options.to, options.toFile, call.env)
  const stop = new AbortController()
  const release = onInterrupt(() => stop.abort(new Error('stopped: begin again with --restart')))
  const progress = startProgress(call, 100)
  try {
    const tally = await withTransferSource({ database: from }, async source => {
      const target = await openTransferTarget({ database: to })
      try {
        return await copyDatabase(source, target, options.restart === true, {
          signal: stop.signal,
          progress: (done, total, phase) => progress.update((done / total) * 100, `${done} of ${total} rows ${phase}`),
        })
      } finally {
        await target.close()
      }
    })
    progress.stop()
    await printRow(call, { from: nameOfDatabase(from), to: nameOfDatabase(to), ...tally }, options)
  } finally {
    release()
    progress.stop()
  }
}

/** Options come before the environment, which is read like `DATABASE_URL`; the message names what was written there. */
function databaseOf(
  side: 'from' | 'to',
  url: string | undefined,
  file: string | undefined,
  env: Environment,
): Database {
  const variable = `${side.toUpperCase()}_DATABASE_URL`
  const given = url !== undefined || file !== undefined
  const source = given
    ? { DATABASE_URL: url, DATABASE_URL_FILE: file }
    : { DATABASE_URL: env[variable], DATABASE_URL_FILE: env[`${variable}_FILE`] }
  if (!source.DATABASE_URL && !source.DATABASE_URL_FILE) {
    throw new UsageError(`give --${side}, --${side}-file or ${variable}`)
  }
  const database = given ? read(source, `--${side}`, `--${side}-file`) : read(source, variable, `${variable}_FILE`)
  if (database.engine === 'sqlite' && database.path === ':memory:') {
    throw new UsageError(`--${side} is in memory: nobody but a service itself can see it`)
  }
  if (url !== undefined && database.engine === 'postgres' && database.password !== '') {
    throw new UsageError(`no password among arguments, which others can see: use --${side}-file or ${variable}`)
  }
  return database
}

function read(source: Environment, name: string, nameOfFile: string): Database {
  try {
    return loadCommandConfig(source).database
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const told = (mistake: string) =>
      mistake.replace(/DATABASE_URL(_FILE)?/g, (_, file?: string) => (file ? nameOfFile : name))
    throw new ConfigError(error.mistakes.map(told))
  }
}
