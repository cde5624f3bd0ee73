/** Chooses the engine. Nothing else knows that there are several. */
import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import { openSqliteStores } from './sqlite/sqlite-stores.ts'
import type { Stores } from './stores.ts'

/**
 * @param options.create whether a database that does not exist is made (the default)
 * @throws {SignetError} `unavailable` when the database cannot be opened
 */
export function openStores(
  config: Pick<Config, 'sqlitePath'>,
  clock: Clock,
  { create = true }: { create?: boolean } = {},
): Promise<Stores> {
  return openSqliteStores(config.sqlitePath, clock, create)
}
