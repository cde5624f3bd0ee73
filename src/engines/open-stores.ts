/** Chooses the engine, and loads only that one. Nothing else knows that there are several. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import { SignetError } from '../base/errors.ts'
import type { Config } from '../config/config.ts'
import type { RestoreOptions, RestoreResult } from '../stores/restore.ts'
import type { Stores, TransferSource, TransferTarget } from '../stores/stores.ts'

/**
 * @param options.create whether a database that does not exist is made (the default)
 * @param options.mayBeAway whether a server that cannot be reached now, or whose schema cannot be brought up to date now, is
 *   good enough: each `ping` tries again, and every other act is refused as `unavailable` until one has done it. A file is
 *   there or it is not.
 * @param options.onWait told who is in the way of bringing the schema up to date; then this goes on trying
 * @throws {SignetError} `unavailable` when the database cannot be opened
 */
export async function openStores(
  { database }: Pick<Config, 'database'>,
  clock: Clock,
  { create = true, mayBeAway = false, onWait }: OpenOptions = {},
): Promise<Stores> {
  if (database.engine === 'sqlite') {
    const { openSqliteStores } = await import('./sqlite/sqlite-stores.ts')
    return openSqliteStores(database.path, clock, create)
  }
  const { openPostgresStores, MigrationWaits } = await import('./postgres/postgres-stores.ts')
  const stores = openPostgresStores(database)
  const reached = reach()
  const patience = mayBeAway ? [sleep(patienceMilliseconds, undefined, { ref: false })] : []
  try {
    await Promise.race([reached, ...patience])
  } catch (error) {
    const isAway = error instanceof SignetError && error.code === 'unavailable'
    if (!isAway || !mayBeAway) {
      await stores.close()
      throw error
    }
  }
  return stores

  async function reach(): Promise<void> {
    for (let told = ''; ; await sleep(1_000)) {
      try {
        return await stores.ping()
      } catch (error) {
        if (!onWait || !(error instanceof MigrationWaits)) throw error
        if (error.message !== told) onWait(error.message)
        told = error.message
      }
    }
  }
}

interface OpenOptions {
  readonly create?: boolean
  readonly mayBeAway?: boolean
  readonly onWait?: (reason: string) => void
}

/** A migration may take longer, and a service that listens can say so. */
const patienceMilliseconds = 2_000

/**
 * Lends a database as of one moment to be copied; it is only read, so its schema must be up to date already.
 * @throws {Error} when it is not, or when it is an unfinished copy itself
 */
export async function withTransferSource<T>(
  { database }: Pick<Config, 'database'>,
  act: (source: TransferSource) => Promise<T>,
): Promise<T> {
  if (database.engine === 'sqlite') {
    const { readSqlite } = await import('./sqlite/sqlite-transfer.ts')
    return readSqlite(database.path, act)
  }
  const { readPostgres } = await import('./postgres/postgres-transfer.ts')
  return readPostgres(database, act)
}

/** Opens a database as the target of a copy, made when there is none. */
export async function openTransferTarget({ database }: Pick<Config, 'database'>): Promise<TransferTarget> {
  if (database.engine === 'sqlite') {
    const { openSqliteTarget } = await import('./sqlite/sqlite-transfer.ts')
    return openSqliteTarget(database.path)
  }
  const { openPostgresTarget } = await import('./postgres/postgres-transfer.ts')
  return openPostgresTarget(database)
}

/**
 * Puts a backup in place of a SQLite database. A service that has it open keeps it from happening.
 * @throws {Error} for PostgreSQL, whose own tools do this
 */
export async function restoreDatabase(
  { database }: Pick<Config, 'database'>,
  backup: string,
  options: RestoreOptions,
): Promise<RestoreResult | undefined> {
  if (database.engine !== 'sqlite') {
    throw new Error('the database is PostgreSQL: restore what pg_dump made with pg_restore, into an empty database')
  }
  const { restoreSqlite } = await import('./sqlite/sqlite-restore.ts')
  return restoreSqlite(database.path, backup, options)
}
