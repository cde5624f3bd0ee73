/** The PostgreSQL engine: any number of instances, one database. */
import type { Clock } from '../../base/clock.ts'
import { SignetError } from '../../base/errors.ts'
import type { PostgresServer } from '../../config/database-url.ts'
import type { Stores } from '../../stores/stores.ts'
import { migrate } from './migrations.ts'
import { createPostgresAttempts } from './postgres-attempts.ts'
import { createPostgresChallenges } from './postgres-challenges.ts'
import { openPostgresDatabase, statement } from './postgres-database.ts'
import { createPostgresFactors } from './postgres-factors.ts'
import { createPostgresKeys } from './postgres-keys.ts'
import { createPostgresLimits } from './postgres-limits.ts'
import { createPostgresMails } from './postgres-mails.ts'
import { createPostgresSessions } from './postgres-sessions.ts'
import { unfinishedCopy } from './postgres-transfer.ts'
import { createPostgresUsers } from './postgres-users.ts'

export { MigrationWaits } from './postgres-errors.ts'

const answer = statement('ping', `SELECT 1 AS one FROM meta WHERE name = 'salt'`)

/**
 * Gives the stores at once, whether or not the server can be reached. The first `ping` that reaches it migrates it; until
 * then every act is refused, so that nobody who asks has to wait for a migration.
 * @param clock for tests; PostgreSQL's own when not given
 */
export function openPostgresStores(server: PostgresServer, clock?: Clock): Stores {
  const database = openPostgresDatabase(server, clock)
  let known: Awaited<ReturnType<typeof migrate>> | undefined
  let reaching: Promise<void> | undefined

  async function ping(): Promise<void> {
    if (known) return void (await database.ask(answer))
    reaching ??= reach().finally(() => (reaching = undefined)) // one at a time, however many ask
    return reaching
  }

  async function reach(): Promise<void> {
    const found = await migrate(database, server.schema)
    if (found.isHalfCopy) throw unfinishedCopy()
    known = found
    database.open()
  }

  function reached() {
    if (known) return known
    throw new SignetError('unavailable', 'PostgreSQL has not been reached yet', { retryAfterSeconds: 1 })
  }

  return {
    users: createPostgresUsers(database),
    sessions: createPostgresSessions(database),
    limits: createPostgresLimits(database),
    attempts: createPostgresAttempts(database),
    keys: createPostgresKeys(database),
    mails: createPostgresMails(database),
    factors: createPostgresFactors(database),
    challenges: createPostgresChallenges(database),
    get salt() {
      return reached().salt
    },
    get schema() {
      const { found, current } = reached()
      return { found, current }
    },
    backup: () => Promise.reject(new Error('a PostgreSQL database is backed up with pg_dump')),
    ping,
    close: () => database.close(),
  }
}
