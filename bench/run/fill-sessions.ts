/**
 * Fills a SQLite database with millions of sessions, fast: sorted by key into the bare table, then the indexes. A filled
 * file is kept in data/bench/ and used again while its sessions are alive. Also a script: `node bench/run/fill-sessions.ts 100000`
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { currentSchema } from '../../src/engines/sqlite/migrations.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { root } from './root.ts'

const folder = join(root, 'data', 'bench')
const daySeconds = 86_400

/** Ten sessions a user, their last use spread over the past day. @returns the file */
export async function filledDatabase(count: number): Promise<string> {
  const file = join(folder, `sessions-${count}.db`)
  const now = Math.floor(Date.now() / 1000)
  if (existsSync(file) && isFresh(file, now)) return file
  mkdirSync(folder, { recursive: true })
  remove(file)
  const unfinished = `${file}.part`
  remove(unfinished)
  await (await openSqliteStores(unfinished, () => now)).close() // the schema, by its own migrations
  fill(unfinished, count, now)
  renameSync(unfinished, file)
  return file
}

/** The key of the n-th session: as random as a real one, since the order of keys is what costs in a large table. */
export function sidOf(n: number): string {
  return createHash('md5').update(String(n)).digest('base64url')
}

function fill(file: string, count: number, now: number): void {
  const database = new DatabaseSync(file)
  database.function('sid_of', { deterministic: true }, n => sidOf(Number(n)))
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = FILE')
  const indexes = database
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'sessions' AND sql IS NOT NULL")
    .all()
  for (const { name } of indexes) database.exec(`DROP INDEX ${name}`)
  const numbers = (most: number) =>
    `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${most - 1})`
  database.exec('BEGIN')
  database.exec(`${numbers(Math.ceil(count / 10))}
    INSERT INTO users (user_id, username, role, created_at) SELECT 'user-' || n, 'user-' || n, 'user', ${now} FROM numbers`)
  database.exec(`${numbers(count)}
    INSERT INTO sessions (sid, user_id, created_at, expires_at, due_at, max_expires_at, ip, user_agent)
    SELECT sid_of(n) AS sid, 'user-' || (n % ${Math.ceil(count / 10)}), ${now} - n % ${daySeconds},
      ${now} + ${7 * daySeconds} - n % ${daySeconds}, ${now} + ${7 * daySeconds} - n % ${daySeconds},
      ${now} + ${89 * daySeconds}, '127.0.0.1', 'bench'
    FROM numbers ORDER BY sid`)
  database.exec('COMMIT')
  for (const { sql } of indexes) database.exec(String(sql))
  database.exec('ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

function isFresh(file: string, now: number): boolean {
  const database = new DatabaseSync(file)
  try {
    const schema = database.prepare('PRAGMA user_version').get()
    if (Number(schema?.['user_version']) !== currentSchema) return false
    const row = database.prepare('SELECT min(due_at) AS first FROM sessions').get() // none expires earlier
    return Number(row?.['first'] ?? 0) > now + daySeconds
  } finally {
    database.close()
  }
}

function remove(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
}

if (import.meta.main) process.stdout.write(`${await filledDatabase(Number(process.argv[2] ?? 100_000))}\n`)
