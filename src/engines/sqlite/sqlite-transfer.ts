/** A SQLite file as the source or the target of a copy (`signet db copy`). */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { SignetError } from '../../base/errors.ts'
import type { TransferRow, TransferSource, TransferTable, TransferTarget } from '../../stores/stores.ts'
import { forEachTable, transferTables } from '../transfer-columns.ts'
import { currentSchema, migrate } from './migrations.ts'
import { openSqliteDatabase } from './sqlite-database.ts'
import { syncWalOf } from './wal-sync.ts'

const selects = forEachTable(
  (table, columns) => `SELECT ${columns} FROM ${table} WHERE ${columns[0]} > ? ORDER BY ${columns[0]} LIMIT ?`,
)
const inserts = forEachTable(
  (table, _, into) =>
    `INSERT INTO ${table} (${into.map(([name]) => name)}) VALUES (${into.map(([, from]) => `$${from}`)})`,
)

const selectSeeded = `SELECT 1 FROM meta WHERE name = 'seeded'`
const selectMark = `SELECT value FROM meta WHERE name = 'unfinished_copy'`

export function isUnfinishedCopy(raw: DatabaseSync): boolean {
  return raw.prepare(selectMark).get() !== undefined
}

/** @throws {Error} when the file is half a copy */
export function refuseUnfinishedCopy(raw: DatabaseSync): void {
  if (isUnfinishedCopy(raw)) {
    throw new Error('the database is an unfinished copy: begin again with signet db copy --restart')
  }
}

/** In one read transaction: WAL keeps what it needs, and writers go on. */
export async function readSqlite<T>(path: string, act: (source: TransferSource) => Promise<T>): Promise<T> {
  if (!existsSync(path)) throw new SignetError('unavailable', `there is no database at ${path}`)
  const raw = new DatabaseSync(path, { readOnly: true, timeout: 2000 })
  try {
    raw.exec('BEGIN')
    if (Number(raw.prepare('PRAGMA user_version').get()?.['user_version']) !== currentSchema) {
      throw new Error(`${path} is not up to date: signet db migrate, or a start of this version, makes it so`)
    }
    if (isUnfinishedCopy(raw)) throw new Error(`${path} is an unfinished copy itself`)
    syncWalOf(path)
    const read = readerOf(raw)
    const meta = (name: string) => raw.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value']
    const dataKey = meta('data_key') as Uint8Array | undefined
    return await act({
      salt: Buffer.from(meta('salt') as Uint8Array),
      dataKey: dataKey && Buffer.from(dataKey),
      isSeeded: raw.prepare(selectSeeded).get() !== undefined,
      count: async table => Number(raw.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']),
      read: async (...page) => read(...page),
    })
  } finally {
    raw.close()
  }
}

export async function openSqliteTarget(path: string): Promise<TransferTarget> {
  const database = await openSqliteDatabase(path)
  const { raw, transaction } = database
  await migrate(database)
  const mark = randomBytes(16) // of this copy, so that one that begins meanwhile is noticed
  const insert = Object.fromEntries(Object.entries(inserts).map(([table, sql]) => [table, raw.prepare(sql)]))
  const readMark = raw.prepare(selectMark)
  const setMeta = raw.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)')
  const read = readerOf(raw)

  function requireOurMark(): void {
    const found = readMark.get()?.['value'] as Uint8Array | undefined
    if (!found || !mark.equals(found)) throw new Error('another copy to this database has begun')
  }

  return {
    begin: ({ salt, dataKey, isSeeded }, restart) =>
      transaction(() => {
        const isHalfCopy = readMark.get() !== undefined
        if (isHalfCopy && !restart) throw new Error('the target is an unfinished copy: begin again with --restart')
        const hasRows = raw.prepare('SELECT 1 FROM users UNION ALL SELECT 1 FROM sessions LIMIT 1').get() !== undefined
        if (hasRows && !isHalfCopy) throw new Error('the target is not empty: it has users or sessions')
        for (const table of [...transferTables, 'limits', 'challenges']) raw.exec(`DELETE FROM ${table}`)
        raw.exec(`DELETE FROM meta WHERE name IN ('seeded', 'data_key')`)
        if (dataKey) setMeta.run('data_key', dataKey)
        if (isSeeded) setMeta.run('seeded', Buffer.from([1]))
        setMeta.run('salt', salt)
        setMeta.run('unfinished_copy', mark)
      }),
    read: (table, after, limit) => database.read(() => read(table, after, limit)),
    write: (table, rows) =>
      transaction(() => {
        requireOurMark()
        for (const row of rows) insert[table]?.run(toStored(row))
      }),
    finish: () =>
      transaction(() => {
        requireOurMark()
        raw.exec(`DELETE FROM meta WHERE name = 'unfinished_copy'`)
      }),
    close: database.close,
  }
}

function readerOf(raw: DatabaseSync) {
  const select = Object.fromEntries(Object.entries(selects).map(([table, sql]) => [table, raw.prepare(sql)]))
  return (table: TransferTable, after: string, limit: number) =>
    (select[table]?.all(after, limit) ?? []).map(row => toTransferRow(row as TransferRow))
}

/** SQLite has no booleans. */
const booleans = new Set(['disabled', 'foreign_hash'])

function toTransferRow(row: TransferRow): TransferRow {
  const read = ([name, value]: [string, TransferRow[string]]) => [name, isFlag(name, value) ? value === 1 : value]
  return Object.fromEntries(Object.entries(row).map(read))
}

function toStored(row: TransferRow): Record<string, string | number | null> {
  const write = ([name, value]: [string, TransferRow[string]]) => [name, isFlag(name, value) ? Number(value) : value]
  return Object.fromEntries(Object.entries(row).map(write))
}

const isFlag = (name: string, value: unknown) => value !== null && booleans.has(name)
