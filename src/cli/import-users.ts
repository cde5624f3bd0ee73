/** `signet users import`: a file or standard input, watched and stoppable. */
import { once } from 'node:events'
import { createReadStream, createWriteStream, fstatSync, statSync } from 'node:fs'
import { addAbortSignal, type Readable } from 'node:stream'
import { type Command, Option } from 'commander'
import type { ImportTally } from '../users/import-service.ts'
import { type RecordFormat, readRecords } from '../users/user-records.ts'
import { UsageError } from './failure.ts'
import { onInterrupt } from './interrupt.ts'
import { type Environment, withDomain } from './open-domain.ts'
import { printRow } from './output.ts'
import { startProgress } from './progress.ts'

interface ImportOptions {
  readonly format?: RecordFormat
  readonly report?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

export function importUsers(users: Command, env: Environment): void {
  users
    .command('import <file>')
    .description('add the users of a file, or of standard input (-), whose names are free; safe to stop and repeat')
    .addOption(new Option('--format <format>', 'guessed unless given').choices(['ndjson', 'csv']))
    .option('--report <file>', 'write the refused lines there, not to standard error')
    .option('--json', 'print the counts as one JSON document')
    .addHelpText(
      'after',
      `
Members of an NDJSON object, or columns of a CSV file with a header:
  username, password or password_hash, role, email, user_id, disabled
password_hash is bcrypt, argon2id, PBKDF2 or scrypt as other systems write it (docs/command-line.md). Plain passwords must be as good as any new one.
Users that exist are skipped and never changed. A refused line is reported by its number and reason, and makes the exit
code 1; the others are imported all the same.`,
    )
    .action((file: string, _: unknown, command: Command) => run(env, file, command.optsWithGlobals()))
}

async function run(env: Environment, file: string, { format = formatOf(file), report, ...common }: ImportOptions) {
  const stop = new AbortController()
  const { source, bytes } = openSource(file, report, stop.signal)
  await withDomain(env, { ...common, create: true }, async ({ imports }) => {
    const progress = startProgress(bytes)
    const refusals = report === undefined ? undefined : await openReport(report)
    const release = onInterrupt(() => stop.abort())
    const startedAt = performance.now()
    let tally: ImportTally = { inserted: 0, skipped: 0, refused: 0, line: 0, bytes: 0 }
    let isComplete = false
    try {
      tally = await imports.importFrom(readRecords(source, format), {
        signal: stop.signal,
        refused(line, reason) {
          if (refusals) refusals.write(`line ${line}: ${reason}\n`)
          else progress.line(`signet: line ${line}: ${reason}`)
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
      if (isComplete || tally.line > 0 || stop.signal.aborted) await printRow(countsOf(tally, isComplete), common)
      if (!isComplete && tally.line > 0) {
        process.stderr.write(`signet: stopped after line ${tally.line}; run it again for the rest\n`)
      }
    }
    if (!isComplete || tally.refused > 0) process.exitCode = 1
  })
}

/** Also after a failure: what is in the database is in the database. */
function countsOf({ inserted, skipped, refused }: ImportTally, complete: boolean) {
  return { inserted, skipped, refused, complete }
}

function formatOf(file: string): RecordFormat | undefined {
  if (/\.csv$/i.test(file)) return 'csv'
  return /\.(ndjson|jsonl)$/i.test(file) ? 'ndjson' : undefined
}

/** @returns the bytes, and how many there are as far as that can be known */
function openSource(file: string, report: string | undefined, signal: AbortSignal) {
  const isStandardInput = file === '-'
  if (isStandardInput && process.stdin.isTTY) throw new UsageError('standard input is a terminal: name a file')
  const stat = isStandardInput ? fstatSync(0) : statSync(file)
  if (stat.isDirectory()) throw new Error(`${file} is a directory`)
  const written = report === undefined ? undefined : statSync(report, { throwIfNoEntry: false })
  if (written && written.dev === stat.dev && written.ino === stat.ino) {
    throw new UsageError('--report names the file that is imported')
  }
  const source: Readable = isStandardInput ? process.stdin : createReadStream(file)
  return { source: addAbortSignal(signal, source), bytes: stat.isFile() ? stat.size : undefined }
}

async function openReport(file: string) {
  const stream = createWriteStream(file, { mode: 0o600 })
  await once(stream, 'open') // throws when it cannot be written
  return stream
}
