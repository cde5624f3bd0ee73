/** An act of the service that begins while somebody else's is not committed yet, whatever the level of isolation. */
import pg from 'pg'
import type { Test } from 'tap'
import type { Stores } from '../../src/stores/stores.ts'
import { migratedDatabase } from '../helpers/postgres.ts'
import { waitUntil } from '../helpers/process.ts'
import { atLevel, opened } from './opened-postgres.ts'

export const levels = ['read committed', 'repeatable read', 'serializable']

export interface Interleaved {
  readonly stores: Stores
  /** The connection of somebody else. */
  readonly other: pg.Client
  /**
   * @param first within a transaction of `other`, which is committed when the second act waits for it or is over
   * @returns what became of the second: `done`, or the code of its error
   */
  act(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<string>
}

export async function interleaved(t: Test, level: string): Promise<Interleaved> {
  const url = await migratedDatabase(t)
  const stores = await opened(t, atLevel(url, level))
  const other = new pg.Client({ connectionString: url })
  const watcher = new pg.Client({ connectionString: url })
  for (const client of [other, watcher]) {
    await client.connect()
    t.teardown(() => client.end())
  }
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  const isWaiting = async () => (await watcher.query(waiting)).rows.length > 0

  async function act(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<string> {
    await other.query('BEGIN')
    await first()
    let outcome = ''
    const over = second().then(
      () => (outcome = 'done'),
      error => (outcome = error.code),
    )
    await waitUntil(async () => outcome !== '' || (await isWaiting()))
    await other.query('COMMIT')
    await over
    return outcome
  }

  return { stores, other, act }
}

/** Once more while it is `unavailable`: who waits gives up after two seconds, and machines are busy. */
export async function whenAvailable(act: () => Promise<string>): Promise<string> {
  let outcome = 'unavailable'
  for (let i = 0; i < 10 && outcome === 'unavailable'; i++) outcome = await act()
  return outcome
}
