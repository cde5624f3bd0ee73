/**
 * Everything of one database into another: as of one moment, in batches, with memory for one batch. When all is written
 * it is read back, and only when both sides have the same rows does the target become a database of its own.
 */
import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { createPace } from '../base/pace.ts'
import type { TransferRow, TransferSource, TransferTable, TransferTarget } from '../stores/stores.ts'

export type CopyTally = Readonly<Record<TransferTable, number>>

export interface CopyWatcher {
  /** Stops between two batches; what was written stays, marked as unfinished. */
  readonly signal: AbortSignal
  /** @param done rows written and rows compared, of `total` */
  progress(done: number, total: number, phase: 'copied' | 'compared'): void
}

/** Each table and its primary key; keys first, being few and worth most. */
const keyOf: Readonly<Record<TransferTable, string>> = {
  signing_keys: 'kid',
  users: 'user_id',
  factors: 'factor_id',
  recovery_codes: 'code',
  sessions: 'sid',
  attempts: 'key',
  mails: 'id',
}
const tables = Object.keys(keyOf) as TransferTable[]

/** @throws {Error} when the target is not free, when rows differ in the end, or when it was stopped */
export async function copyDatabase(
  source: TransferSource,
  target: TransferTarget,
  restart: boolean,
  { signal, progress }: CopyWatcher,
): Promise<CopyTally> {
  let total = 0
  for (const table of tables) total += 2 * (await source.count(table))
  await target.begin(source, restart)

  let done = 0
  const pass = async (rows: number, phase: 'copied' | 'compared') => {
    done += rows
    progress(done, total, phase)
    await turn() // SQLite never waits for anything, and no signal would ever be heard
    signal.throwIfAborted()
  }

  const written = new Map<TransferTable, Digest>()
  for (const table of tables) {
    const digest = createDigest()
    const pace = createPace(copyPace)
    for await (const rows of batches(source, table, pace.size)) {
      await pace.keep(rows.length, () => target.write(table, rows))
      digest.add(rows)
      await pass(rows.length, 'copied')
    }
    written.set(table, digest)
  }

  for (const table of tables) {
    const digest = createDigest()
    for await (const rows of batches(target, table, () => 500)) {
      digest.add(rows)
      await pass(rows.length, 'compared')
    }
    if (digest.result() !== written.get(table)?.result()) {
      throw new Error(`the ${table} of the target differ from the source: does somebody else write to it?`)
    }
  }
  await target.finish()
  return Object.fromEntries(tables.map(table => [table, written.get(table)?.count() ?? 0])) as unknown as CopyTally
}

async function* batches(from: Pick<TransferSource, 'read'>, table: TransferTable, size: () => number) {
  for (let after = ''; ; ) {
    const rows = await from.read(table, after, size())
    const last = rows.at(-1)?.[keyOf[table]]
    if (typeof last !== 'string') return
    yield rows
    after = last
  }
}

interface Digest {
  add(rows: readonly TransferRow[]): void
  count(): number
  /** The number of rows and SHA-256 over them all, in the order of their keys. */
  result(): string
}

function createDigest(): Digest {
  const hash = createHash('sha256')
  let columns: string[] | undefined
  let count = 0
  let result: string | undefined
  return {
    add(rows) {
      columns ??= Object.keys(rows[0] ?? {}).toSorted()
      for (const row of rows) hash.update(`${JSON.stringify(columns.map(column => row[column]))}\n`)
      count += rows.length
    },
    count: () => count,
    result() {
      result ??= `${count} ${hash.digest('hex')}`
      return result
    },
  }
}

/** Nobody waits for it, so no rest. */
const copyPace = { first: 128, least: 64, most: 2000, targetMilliseconds: 6 }
