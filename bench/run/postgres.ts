/** A PostgreSQL that is gone afterwards, by the helper of the tests. */
import type { Stores } from '../../src/stores/stores.ts'

export interface BenchPostgres {
  readonly url: string
  /** Runs one statement, as its administrator. */
  sql(statement: string): Promise<Record<string, unknown>[]>
  /** The stores of one more instance, on the migrated database. */
  open(): Promise<Stores>
}

/** Starts one that waits for its disk, as those of the tests do not, and with its own defaults otherwise. */
export async function withPostgres<T>(act: (postgres: BenchPostgres) => Promise<T>): Promise<T> {
  process.env['TAP_TIMEOUT'] = '0' // the helper is made for tests: tap would end this process after 30 s
  const { runSql, serverOf, startPostgres } = await import('../../test/helpers/postgres.ts')
  const { openPostgresStores } = await import('../../src/engines/postgres/postgres-stores.ts')
  const teardowns: (() => unknown)[] = []
  const teardown = (act: () => unknown) => void teardowns.push(act)
  try {
    const url = (await startPostgres({ teardown }, { settings: ['fsync=on', 'wal_level=replica'] })).url()
    return await act({
      url,
      sql: statement => runSql(url, statement),
      async open() {
        const stores = openPostgresStores(serverOf(url))
        teardown(() => stores.close())
        await stores.ping()
        return stores
      },
    })
  } finally {
    for (const act of teardowns.toReversed()) await act()
  }
}
