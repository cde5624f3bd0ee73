/** A PostgreSQL database as the source or the target of a copy (`signet db copy`). */
import { randomBytes } from 'node:crypto'
import type { PostgresServer } from '../../config/database-url.ts'
import type { TransferRow, TransferSource, TransferTable, TransferTarget } from '../../stores/stores.ts'
import { forEachTable, transferTables } from '../transfer-columns.ts'
import { migrate, readUpToDate } from './migrations.ts'
import { type Ask, openPostgresDatabase, statement } from './postgres-database.ts'
import { ServerMistake } from './postgres-errors.ts'

const selects = forEachTable((table, columns) =>
  statement(
    `copy: read ${table}`,
    `SELECT ${columns} FROM ${table} WHERE ${columns[0]} > $after ORDER BY ${columns[0]} LIMIT $limit::bigint`,
  ),
)

/** Rows come as one JSON document, so that any number of them is one statement and one parameter. */
const inserts = forEachTable((table, _, into) =>
  statement(
    `copy: write ${table}`,
    `INSERT INTO ${table} (${into.map(([name]) => name)}) SELECT ${into.map(([, from]) => from)}
    FROM json_populate_recordset(NULL::${table}, $rows::json)`,
  ),
)

const counts = forEachTable(table => statement(`copy: count ${table}`, `SELECT count(*) AS count FROM ${table}`))

/** Waits for whoever holds the mark, so that a write and another copy's beginning come one after the other. */
const lockMark = statement('lock mark', `SELECT value FROM meta WHERE name = 'unfinished_copy' FOR UPDATE`)
/** Of copies that begin at once, the others wait here for the first one, and then find its mark. */
const makeMark = statement(
  'make mark',
  `INSERT INTO meta (name, value) VALUES ('unfinished_copy', $value) ON CONFLICT DO NOTHING RETURNING name`,
)
const anyRow = statement('any user or session', 'SELECT 1 AS one FROM users UNION ALL SELECT 1 FROM sessions LIMIT 1')
const removals = ['signing_keys', 'attempts', 'mails', 'limits', 'challenges'].map(table =>
  statement(`empty ${table}`, `DELETE FROM ${table}`),
)
const setMeta = statement(
  'set meta',
  `INSERT INTO meta (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
)
const selectSeeded = statement('copy: was seeded', `SELECT 1 AS one FROM meta WHERE name = 'seeded'`)
const selectDataKey = statement('copy: data key', `SELECT value FROM meta WHERE name = 'data_key'`)
const forget = statement('forget seeding and data key', `DELETE FROM meta WHERE name IN ('seeded', 'data_key')`)
const removeMark = statement('remove mark', `DELETE FROM meta WHERE name = 'unfinished_copy'`)

export function unfinishedCopy(): ServerMistake {
  return new ServerMistake('the database is an unfinished copy: begin again with signet db copy --restart')
}

/** In one transaction that sees one moment. While it lasts, no dead row is cleaned away (PostgreSQL manual, "Routine Vacuuming"). */
export async function readPostgres<T>(server: PostgresServer, act: (source: TransferSource) => Promise<T>): Promise<T> {
  const database = openPostgresDatabase(server)
  try {
    return await database.exclusively(async ask => {
      const { salt, isHalfCopy } = await readUpToDate(ask)
      if (isHalfCopy) throw new ServerMistake('the source is an unfinished copy itself')
      return act({
        salt,
        dataKey: (await ask(selectDataKey))[0]?.['value'] as Buffer | undefined,
        isSeeded: (await ask(selectSeeded)).length > 0,
        count: async table => Number((await ask(counts[table]))[0]?.['count']),
        read: readerOf(ask),
      })
    }, 'REPEATABLE READ, READ ONLY')
  } finally {
    await database.close()
  }
}

export async function openPostgresTarget(server: PostgresServer): Promise<TransferTarget> {
  const database = openPostgresDatabase(server)
  const { ask, transaction, exclusively, close } = database
  await migrate(database, server.schema).catch(async error => {
    await close()
    throw error
  })
  database.open()
  const mark = randomBytes(16) // of this copy, so that one that begins meanwhile is noticed

  async function requireOurMark(ask: Ask): Promise<void> {
    const found = (await ask(lockMark))[0]?.['value'] as Buffer | undefined
    if (!found || !mark.equals(found)) throw new ServerMistake('another copy to this database has begun')
  }

  return {
    begin: ({ salt, dataKey, isSeeded }, restart) =>
      exclusively(async (ask, run) => {
        const isNew = (await ask(makeMark, { value: mark })).length > 0
        if (!isNew && !restart) {
          throw new ServerMistake('the target is an unfinished copy: begin again with --restart')
        }
        if (isNew && (await ask(anyRow)).length > 0) {
          throw new ServerMistake('the target is not empty: it has users or sessions')
        }
        // What was not empty a moment ago is nobody's but that copy's. A service on an empty database may write meanwhile.
        if (isNew) for (const remove of removals) await ask(remove)
        else {
          await ask(lockMark) // first, as that copy's writes do
          await run(`TRUNCATE ${transferTables}, limits, challenges`)
        }
        await ask(forget)
        if (dataKey) await ask(setMeta, { name: 'data_key', value: dataKey })
        if (isSeeded) await ask(setMeta, { name: 'seeded', value: Buffer.from([1]) })
        await ask(setMeta, { name: 'salt', value: salt })
        await ask(setMeta, { name: 'unfinished_copy', value: mark })
      }),
    read: readerOf(ask),
    write: (table, rows) =>
      transaction(async ask => {
        await requireOurMark(ask)
        await ask(inserts[table], { rows: JSON.stringify(rows) })
      }),
    finish: () =>
      exclusively(async (ask, run) => {
        await requireOurMark(ask)
        await run(`ANALYZE ${transferTables}`) // else plans are made for empty tables at first
        await ask(removeMark)
      }),
    close,
  }
}

function readerOf(ask: Ask) {
  return async (table: TransferTable, after: string, limit: number) =>
    (await ask(selects[table], { after, limit })) as TransferRow[]
}
