/**
 * SQLite wants a file for what a statement has to put aside or a migration sorts, and looks for a place in /var/tmp and /tmp.
 * With a read-only root there is none, and the act fails with "disk I/O error" (sqlite.org/tempfiles.html).
 */
import type { DatabaseSync } from 'node:sqlite'

/**
 * Temporary files of this process are beside the database, where there is room and nobody else looks. They have no name
 * any more once they are open.
 * @param folder where the database is; none when it is in memory, and so is what it puts aside
 */
export function keepTemporaryFiles(raw: DatabaseSync, folder?: string): void {
  raw.exec(
    folder === undefined
      ? 'PRAGMA temp_store = MEMORY'
      : `PRAGMA temp_store_directory = '${folder.replaceAll("'", "''")}'`,
  )
}
