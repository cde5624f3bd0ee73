/** A copy moves every column there is: one that a migration adds must be listed, or said to be made anew. */
import t from 'tap'
import { migrate } from '../../src/engines/sqlite/migrations.ts'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { derivedColumns, emptyColumns, transferColumns, transferTables } from '../../src/engines/transfer-columns.ts'

/** What is not moved: windows and challenges of minutes, and what each database says of itself. */
const ofThisDatabase = ['challenges', 'limits', 'meta', 'user_sample']

t.test('every table and every column is moved, or made anew from one that is', async t => {
  const database = await openSqliteDatabase(':memory:')
  t.teardown(() => database.close())
  await migrate(database)
  const namesOf = (sql: string) =>
    database.raw
      .prepare(sql)
      .all()
      .map(({ name }) => String(name))

  const tables = namesOf(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
  t.strictSame(tables.toSorted(), [...transferTables, ...ofThisDatabase].toSorted())
  for (const table of transferTables) {
    const columns = namesOf(`SELECT name FROM pragma_table_info('${table}')`)
    const anew = [...Object.keys(derivedColumns[table] ?? {}), ...(emptyColumns[table] ?? [])]
    const moved = [...transferColumns[table], ...anew]
    t.strictSame(columns.toSorted(), moved.toSorted(), table)
  }
})
