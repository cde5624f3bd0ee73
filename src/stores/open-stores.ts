/** Chooses the engine, and loads only that one. Nothing else knows that there are several. */
import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import { SignetError } from '../errors.ts'
import type { Stores } from './stores.ts'

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
