/** The SQLite engine: one machine, one file. */
import type { Clock } from '../../clock.ts'
import type { Stores } from '../stores.ts'
import { migrate, readSalt } from './migrations.ts'
import { createSqliteAttempts } from './sqlite-attempts.ts'
import { openSqliteDatabase } from './sqlite-database.ts'
import { createSqliteLimits } from './sqlite-limits.ts'
import { createSqliteSessions } from './sqlite-sessions.ts'
import { createSqliteUsers } from './sqlite-users.ts'

export async function openSqliteStores(path: string, clock: Clock): Promise<Stores> {
  const database = openSqliteDatabase(path)
  await database.run(() => database.raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'))
  await migrate(database)

  return {
    users: createSqliteUsers(database, clock),
    sessions: createSqliteSessions(database, clock),
    limits: createSqliteLimits(database, clock),
    attempts: createSqliteAttempts(database, clock),
    salt: await readSalt(database),
    // Reading a row proves more than SELECT 1, which never touches the file.
    ping: () => database.run(() => void database.raw.prepare("SELECT 1 FROM meta WHERE name = 'salt'").get()),
    close: async () => database.raw.close(),
  }
}
