/** `signet db`: the database as a whole. */
import type { Command } from 'commander'
import { loadCommandConfig } from '../config/config.ts'
import type { Call } from './call.ts'
import { copyCommand } from './copy-database.ts'
import { withDomain } from './open-domain.ts'
import { printRow } from './output.ts'
import { startProgress } from './progress.ts'
import { restoreCommand } from './restore-database.ts'

interface DbOptions {
  readonly json?: boolean
  readonly verbose?: boolean
}

export function addDbCommands(db: Command, call: Call): void {
  db.command('migrate')
    .description(
      "make the database if there is none, and bring its schema up to date; the service's start does the same",
    )
    .option('--json', 'print {"database", "from", "to"} as one JSON document')
    .action((_: unknown, command: Command) => migrate(call, command.optsWithGlobals()))

  copyCommand(db, call)

  db.command('backup <file>')
    .description('copy a SQLite database into a new file while the service serves, and check the copy')
    .option('--json', 'print {"file"} as one JSON document')
    .addHelpText(
      'after',
      `
signet db restore puts it back. The file holds password hashes: keep it as secret. PostgreSQL: pg_dump -Fc.`,
    )
    .action((file: string, _: unknown, command: Command) => backup(call, file, command.optsWithGlobals()))

  restoreCommand(db, call)
}

async function migrate(call: Call, options: DbOptions) {
  await withDomain(call, { ...options, create: true }, ({ stores: { schema }, database }) =>
    printRow(call, { database, from: schema.found, to: schema.current }, options),
  )
}

async function backup(call: Call, file: string, options: DbOptions) {
  if (loadCommandConfig(call.env).database.engine !== 'sqlite') {
    throw new Error('the database is PostgreSQL: back it up with pg_dump -Fc, or a base backup and its WAL archive')
  }
  await withDomain(call, options, async ({ stores }) => {
    const progress = startProgress(call, 100)
    try {
      await stores.backup(file, (done, total) => progress.update((done / total) * 100))
    } finally {
      progress.stop()
    }
    await printRow(call, { file }, options)
  })
}
