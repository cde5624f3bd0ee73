/** Chooses the engine, and loads only that one. Nothing else knows that there are several. */
import type { Clock } from '../base/clock.ts'
import { SignetError } from '../base/errors.ts'
import type { Config } from '../config/config.ts'
import type { RestoreOptions, RestoreResult } from '../stores/restore.ts'
import type { Stores, TransferSource, TransferTarget } from '../stores/stores.ts'

/**
 * @param options.create whether a database that does not exist is made (the default)
 * @param options.mayBeAway whether a server that cannot be reached now is good enough: each `ping` tries again, and every
 *   other act is refused as `unavailable` until one reached it. A file is there or it is not.
 * @throws {SignetError} `unavailable` when the database cannot be opened
 */
export async function openStores(
  { database }: Pick<Config, 'database'>,
  clock: Clock,
  { create = true, mayBeAway = false }: { create?: boolean; mayBeAway?: boolean } = {},
): Promise<Stores> {
  if (database.engine === 'sqlite') {
    const { openSqliteStores } = await import('./sqlite/sqlite-stores.ts')
    return openSqliteStores(database.path, clock, create)
  }
  const { openPostgresStores } = await import('./postgres/postgres-stores.ts')
  const stores = openPostgresStores(database)
  try {
    await stores.ping()
  } catch (error) {
    const isAway = error instanceof SignetError && error.code === 'unavailable'
    if (!isAway || !mayBeAway) {
      await stores.close()
      throw error
    }
  }
  return stores
}

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
