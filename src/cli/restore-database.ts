/** `signet db restore`: a backup put in place of the database, and which sessions that revives. */
import type { Command } from 'commander'
import { systemClock } from '../base/clock.ts'
import { isoTime } from '../base/iso-time.ts'
import { loadCommandConfig } from '../config/config.ts'
import { nameOfDatabase } from '../config/database-url.ts'
import { restoreDatabase } from '../engines/open-stores.ts'
import type { RestorePlan, RevivedSession } from '../stores/restore.ts'
import { confirm } from './ask.ts'
import { type Call, isInteractive } from './call.ts'
import { UsageError } from './failure.ts'
import { shared } from './open-domain.ts'
import { printJson, printRow, printRows } from './output.ts'

interface RestoreOptions {
  readonly yes?: boolean
  readonly endRevived?: boolean
  readonly json?: boolean
}

export function restoreCommand(db: Command, call: Call): void {
  db.command('restore <file>')
    .description('put a backup in place of a SQLite database; stop the service first')
    .option('--yes', 'replace the database that is there without asking; it is kept under another name')
    .option('--end-revived', 'end the sessions that were ended since the backup, as they were')
    .option('--json', 'print what was done, and the revived sessions, as one JSON document')
    .addHelpText(
      'after',
      `
The backup is checked before anything happens: every page of it, and whether it is of this version or an older one. Nobody
may have the database open meanwhile. What was there is kept beside it as ….before-restore-DATE.

Sessions that were ended since the backup live again, and are listed, with --end-revived as those that were ended once
more. Deleted users and former passwords are back as well: docs/operations.md says what to do.
PostgreSQL: pg_restore, into an empty database.`,
    )
    .action((file: string, _: unknown, command: Command) => restore(call, file, command.optsWithGlobals()))
}

async function restore(call: Call, file: string, options: RestoreOptions) {
  const database = shared(loadCommandConfig(call.env).database)
  const name = nameOfDatabase(database)
  let plan: RestorePlan | undefined
  const result = await restoreDatabase({ database }, file, {
    now: systemClock(),
    endRevived: options.endRevived === true,
    async decide(what) {
      plan = what
      const mustAsk = what.replaces && !options.yes
      if (mustAsk && !isInteractive(call)) {
        throw new UsageError(`${name} exists: use --yes to replace it (it is kept under another name)`)
      }
      if (!options.json) await printRows(call, pages(what.revived ?? []), options)
      return !mustAsk || confirm(call, `Put ${file} in place of ${name}? ${fateOf(what, options)}`)
    },
  })
  if (!result || !plan) throw new Error('nothing was restored')

  const { users, sessions, revived } = plan
  const { keptAs, schema } = result
  const done = { database: name, file, former: keptAs, from: schema.found, to: schema.current, users, sessions }
  if (options.json)
    await printJson(call, { ...done, revived: revived?.map(itemOf) ?? null, ended: options.endRevived === true })
  else await printRow(call, { ...done, revived: revived?.length ?? 'not known' }, options)
}

function fateOf({ revived }: RestorePlan, { endRevived }: RestoreOptions): string {
  if (revived === undefined) return 'It cannot be read, so nobody knows which sessions were ended since.'
  return `Sessions ended since that ${endRevived ? 'stay ended' : 'live again'}: ${revived.length}.`
}

async function* pages(revived: readonly RevivedSession[]) {
  yield revived.map(itemOf)
}

function itemOf({ sid, userId, username, endedAt, reason }: RevivedSession) {
  const ended = endedAt === null ? null : isoTime(endedAt)
  return { id: sid, username, user_id: userId, ended_at: ended, reason }
}
