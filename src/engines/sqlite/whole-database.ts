/** Whether a file is a whole database of ours. Asked of copies, which nobody else has open. */
import { DatabaseSync } from 'node:sqlite'
import { asThrown } from '../../base/thrown.ts'
import { currentSchema } from './migrations.ts'
import { isUnfinishedCopy } from './sqlite-transfer.ts'

/**
 * Reads every page and compares every index with its table.
 * @throws {Error} that says what is wrong, as the end of a sentence that begins with the name of the file
 */
export function requireWhole(file: string): void {
  const raw = new DatabaseSync(file, { timeout: 0 })
  try {
    const problem = raw.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']
    if (problem !== 'ok') throw new Error(`is damaged: ${problem}`)
    requireOurs(raw)
  } catch (error) {
    if (asThrown(error).code !== 'ERR_SQLITE_ERROR') throw error
    throw new Error(`is damaged, or no database: ${asThrown(error).message}`, { cause: error })
  } finally {
    raw.close()
  }
}

function requireOurs(raw: DatabaseSync): void {
  const schema = Number(raw.prepare('PRAGMA user_version').get()?.['user_version'])
  const tables = raw.prepare(`SELECT name FROM sqlite_schema WHERE name IN ('meta', 'users', 'sessions')`).all()
  if (schema === 0 || tables.length < 3) throw new Error('is not a database of Signet')
  if (schema > currentSchema) throw new Error(`is of schema ${schema}, and this version knows only ${currentSchema}`)
  if (isUnfinishedCopy(raw)) throw new Error('is an unfinished copy')
  if (!raw.prepare(`SELECT 1 FROM meta WHERE name = 'salt' AND length(value) = 32`).get())
    throw new Error('has no salt')
}
