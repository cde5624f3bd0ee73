/** `signet users import`: a file or standard input, watched and stoppable. */
import { once } from 'node:events'
import { createReadStream, createWriteStream, fstatSync, readFileSync, statSync } from 'node:fs'
import { addAbortSignal, type Readable } from 'node:stream'
import { type Command, Option } from 'commander'
import { oneLine } from '../base/text.ts'
import { readFirebaseParameters } from '../users/import/firebase-parameters.ts'
import type { ImportTally } from '../users/import/import-service.ts'
import { mapRecords, type Origin, origins, withoutPasswords } from '../users/import/moving-in.ts'
import { type RecordFormat, readRecords, type UserRecord } from '../users/import/user-records.ts'
import { type Call, say } from './call.ts'
import { UsageError } from './failure.ts'
import { onInterrupt } from './interrupt.ts'
import { withDomain } from './open-domain.ts'
import { printRow } from './output.ts'
import { startProgress } from './progress.ts'

interface ImportOptions {
  readonly format?: RecordFormat
  readonly from?: Origin
  readonly parameters?: string
  readonly withoutPasswords?: boolean
  readonly report?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

export function importUsers(users: Command, call: Call): void {
  users
    .command('import <file>')
    .description('add the users of a file, or of standard input (-), whose names are free; safe to stop and repeat')
    .addOption(new Option('--format <format>', 'guessed unless given').choices(['ndjson', 'csv', 'json']))
    .addOption(new Option('--from <system>', 'the file is an export of this system').choices(origins))
    .option('--parameters <file>', "with --from firebase: the project's hash parameters")
    .option('--without-passwords', 'leave passwords and hashes behind: these users need new ones')
    .option('--report <file>', 'write the refused lines there, not to standard error')
    .option('--json', 'print the counts as one JSON document')
    .addHelpText(
      'after',
      `
Members of an object (NDJSON, one a line; JSON, an array of them), or columns of a CSV file with a header:
  username, password or password_hash, role, email, user_id, disabled
password_hash is bcrypt, argon2id, PBKDF2 or scrypt as other systems write it (docs/command-line.md). Plain passwords must be as good as any new one.
What other systems export is read with --from: docs/moving-in.md has a command for each.
Users that exist are skipped and never changed; a name that is somebody else's there is a refused line. A refused line is reported by its number and reason, and makes the exit
code 1; the others are imported all the same.`,
    )
    .action((file: string, _: unknown, command: Command) => run(call, file, command.optsWithGlobals()))
}

async function run(call: Call, file: string, { report, ...options }: ImportOptions) {
  if ((options.from === 'firebase') !== (options.parameters !== undefined)) {
    throw new UsageError('--from firebase and --parameters belong together: see docs/moving-in.md')
  }
  const stop = new AbortController()
  const { source, bytes } = openSource(call, file, report, stop.signal)
  await withDomain(call, { ...options, create: true }, async ({ imports }) => {
    const progress = startProgress(call, bytes)
    const refusals = report === undefined ? undefined : await openReport(report)
    const release = onInterrupt(() => stop.abort())
    const startedAt = performance.now()
    let tally: ImportTally = { inserted: 0, skipped: 0, refused: 0, line: 0, bytes: 0 }
    let isComplete = false
    try {
      tally = await imports.importFrom(recordsOf(source, file, options), {
        signal: stop.signal,
        refused(line, reason) {
          if (refusals) refusals.write(`${oneLine(`line ${line}: ${reason}`)}\n`)
          else progress.say(`line ${line}: ${reason}`)
        },
        progress(now) {
          tally = now
          const users = now.inserted + now.skipped
          progress.update(
            now.bytes,
            `${users} users, ${Math.round(users / ((performance.now() - startedAt) / 1000))}/s`,
          )
        },
      })
      isComplete = !stop.signal.aborted
    } finally {
      release()
      progress.stop()
      if (refusals) await new Promise(resolve => refusals.end(resolve))
      if (isComplete || tally.line > 0 || stop.signal.aborted)
        await printRow(call, countsOf(tally, isComplete), options)
      if (!isComplete && tally.line > 0) {
        say(call, `stopped after line ${tally.line}; run it again for the rest`)
      }
    }
    if (!isComplete || tally.refused > 0) call.exitCode = 1
  })
}

function recordsOf(source: Readable, file: string, options: ImportOptions): AsyncIterable<UserRecord> {
  const { from, parameters, format = formatOf(file, from) } = options
  const hashParameters = parameters === undefined ? undefined : readFirebaseParameters(readFileSync(parameters, 'utf8'))
  const read = readRecords(source, format, from === undefined)
  const ours = from === undefined ? read : mapRecords(read, from, hashParameters)
  return options.withoutPasswords ? withoutPasswords(ours) : ours
}

/** Also after a failure: what is in the database is in the database. */
function countsOf({ inserted, skipped, refused }: ImportTally, complete: boolean) {
  return { inserted, skipped, refused, complete }
}

/** Keycloak and Firebase export one document. A name that says nothing leaves it to the first character. */
function formatOf(file: string, from: Origin | undefined): RecordFormat | undefined {
  if (from === 'keycloak' || from === 'firebase') return 'json'
  if (/\.csv$/i.test(file)) return 'csv'
  return /\.(ndjson|jsonl)$/i.test(file) ? 'ndjson' : undefined
}

/** @returns the bytes, and how many there are as far as that can be known */
function openSource(call: Call, file: string, report: string | undefined, signal: AbortSignal) {
  const isStandardInput = file === '-'
  if (isStandardInput && call.stdin.isTTY) throw new UsageError('standard input is a terminal: name a file')
  const stat = isStandardInput ? statOfInput(call) : statSync(file)
  if (stat?.isDirectory()) throw new Error(`${file} is a directory`)
  const written = report === undefined ? undefined : statSync(report, { throwIfNoEntry: false })
  if (stat && written && written.dev === stat.dev && written.ino === stat.ino) {
    throw new UsageError('--report names the file that is imported')
  }
  const source: Readable = isStandardInput ? call.stdin : createReadStream(file)
  return { source: addAbortSignal(signal, source), bytes: stat?.isFile() ? stat.size : undefined }
}

function statOfInput({ stdin: { fd } }: Call) {
  return fd === undefined ? undefined : fstatSync(fd)
}

async function openReport(file: string) {
  const stream = createWriteStream(file, { mode: 0o600 })
  await once(stream, 'open') // throws when it cannot be written
  return stream
}
