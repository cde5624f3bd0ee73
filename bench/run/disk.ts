/** How many commits a second this disk makes durable, as the service writes them: the limit of one after the other. */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export function diskWritesPerSecond(folder: string, seconds: number): number {
  const database = new DatabaseSync(join(mkdtempSync(join(folder, 'disk-')), 'disk.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, n)')
  database.exec(
    'WITH RECURSIVE ids (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < 2000) INSERT INTO rows SELECT id, 0 FROM ids',
  )
  const update = database.prepare('UPDATE rows SET n = n + 1 WHERE id = ?')
  const startedAt = performance.now()
  let writes = 0
  while (performance.now() - startedAt < seconds * 1000) update.run(1 + (writes++ % 2000))
  const elapsed = (performance.now() - startedAt) / 1000
  database.close()
  return writes / elapsed
}
