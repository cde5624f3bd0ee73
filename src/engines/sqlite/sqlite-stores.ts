/** The SQLite engine: one machine, one file. */
import { existsSync } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import { SignetError } from '../../base/errors.ts'
import type { Stores } from '../../stores/stores.ts'
import { migrate, readSalt } from './migrations.ts'
import { createSqliteAttempts } from './sqlite-attempts.ts'
import { backUpSqlite } from './sqlite-backup.ts'
import { createSqliteChallenges } from './sqlite-challenges.ts'
import { openSqliteDatabase } from './sqlite-database.ts'
import { createSqliteFactors } from './sqlite-factors.ts'
import { createSqliteKeys } from './sqlite-keys.ts'
import { createSqliteLimits } from './sqlite-limits.ts'
import { createSqliteMails } from './sqlite-mails.ts'
import { createSqliteSessions } from './sqlite-sessions.ts'
import { refuseUnfinishedCopy } from './sqlite-transfer.ts'
import { createSqliteUsers } from './sqlite-users.ts'
import type { SyncFile } from './wal-sync.ts'

/**
 * @param create whether a file that does not exist is made
 * @param syncFile for tests; the system's own when not given
 */
export async function openSqliteStores(
  path: string,
  clock: Clock,
  create = true,
  syncFile?: SyncFile,
): Promise<Stores> {
  if (!create && !existsSync(path)) throw new SignetError('unavailable', `there is no database at ${path}`)
  const database = await openSqliteDatabase(path, syncFile)
  try {
    const schema = await migrate(database)
    refuseUnfinishedCopy(database.raw)

    return {
      users: createSqliteUsers(database, clock),
      sessions: createSqliteSessions(database, clock),
      limits: createSqliteLimits(database, clock),
      attempts: createSqliteAttempts(database, clock),
      keys: createSqliteKeys(database, clock),
      mails: createSqliteMails(database, clock),
      factors: createSqliteFactors(database, clock),
      challenges: createSqliteChallenges(database, clock),
      salt: await readSalt(database),
      schema,
      backup: (file, onProgress) => backUpSqlite(path, file, onProgress),
      ping: database.ping,
      close: database.close,
    }
  } catch (error) {
    await database.close()
    throw error
  }
}
