/**
 * Brings a database up to date, step by step, each under the lock of the row that says which was taken, so that of several
 * instances that start together one takes each step and the others find it taken. A new database is made by whoever is
 * first to name its table. It never waits long: a step that cannot be taken now fails with who is in the way, and is for
 * whoever asks again.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { asThrown } from '../../base/thrown.ts'
import { type Ask, type PostgresDatabase, type Run, statement } from './postgres-database.ts'
import { isLocked, isThereAlready, MigrationWaits, ServerMistake } from './postgres-errors.ts'
import { type Index, plainly, type Step, steps } from './schema.ts'
import { whoIsInTheWay, whoWouldBeInTheWay } from './who-is-in-the-way.ts'

const lock = statement('migration lock', `SELECT value FROM meta WHERE name = 'schema' FOR UPDATE`)
// Not to_regclass(), which remembers within a transaction that there was none.
const hasMeta = statement(
  'has meta',
  `SELECT FROM pg_catalog.pg_class WHERE relname = 'meta' AND pg_catalog.pg_table_is_visible(oid)`,
)
const makeMeta = 'CREATE TABLE meta (name text COLLATE "C" PRIMARY KEY, value bytea NOT NULL)'
const readMeta = statement('read meta', 'SELECT name, value FROM meta')
const writeMeta = statement(
  'write meta',
  `INSERT INTO meta (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
)
const missingSchema = statement(
  'schema that is not there',
  `SELECT quote_ident($schema) AS name WHERE $schema::text IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $schema)`,
)
const isValid = statement(
  'index is valid',
  `SELECT indisvalid AS "isValid" FROM pg_catalog.pg_index JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
  WHERE relname = $index AND pg_catalog.pg_table_is_visible(indexrelid)`,
)

/** Half of what a request waits for a lock, because requests queue up behind this one. */
const waitBriefly = 'SET LOCAL lock_timeout = 1000'
/** For the row nobody queues up. But whoever builds an index waits for each snapshot that is older, so none gets old. */
const tryBriefly = 'SET LOCAL lock_timeout = 100'
const lockSeconds = 3

/**
 * A database that is up to date is only read, so that a role without the right to change tables can serve from it.
 * @param schema made if it is not there, when given
 * @returns the version that was found, the one it is now, and the salt
 * @throws {ServerMistake} when the database was written by a newer version
 * @throws {MigrationWaits} when somebody is in the way; nothing is lost, and what was done stays done
 */
export async function migrate(database: PostgresDatabase, schema: string | undefined) {
  const asFound = await database.exclusively(read)
  let now = asFound.salt ? asFound : await waitingFor(database, 1, () => create(database, schema))
  while (now.version < steps.length) {
    const { version } = now
    now = await waitingFor(database, version + 1, () => take(database, version))
  }
  return { ...upToDate(now), found: now.isNew ? 0 : asFound.version || now.version, current: steps.length }
}

/** What is to be only read. @throws {ServerMistake} when the schema is not this version's */
export async function readUpToDate(ask: Ask) {
  return upToDate(await read(ask))
}

function upToDate({ version, salt, isHalfCopy }: Found) {
  if (version > steps.length) {
    throw new ServerMistake(
      `the database is at schema ${version}, this version knows only ${steps.length}: start a newer one`,
    )
  }
  if (salt && version === steps.length) return { salt, isHalfCopy }
  throw new ServerMistake('the database is not up to date: signet db migrate, or a start of this version, makes it so')
}

/**
 * A new database, all or nothing. There is no row to lock yet: of several, one makes the table, and the others wait for that
 * (nobody else uses the database yet) and then find it.
 * @returns what it is at afterwards, whoever made it
 */
async function create(database: PostgresDatabase, schema: string | undefined): Promise<Found> {
  try {
    return await make(database, schema)
  } catch (error) {
    const found = isThereAlready(error) ? await database.exclusively(read) : undefined
    if (found?.salt) return found
    throw error
  }
}

function make(database: PostgresDatabase, schema: string | undefined): Promise<Found> {
  return database.exclusively(async (ask, run) => {
    const [missing] = await ask(missingSchema, { schema: schema ?? null })
    if (missing) await run(`CREATE SCHEMA ${missing['name']}`)
    await run(makeMeta)
    await run(steps.map(plainly).join(';\n'))
    const salt = randomBytes(32)
    await ask(writeMeta, { name: 'salt', value: salt })
    await ask(writeMeta, { name: 'schema', value: Buffer.from(String(steps.length)) })
    return { salt, version: steps.length, isHalfCopy: false, isNew: true }
  })
}

/**
 * Takes one step if nobody has. While it is taken, however long its indexes take, autovacuum keeps what dies meanwhile: a row that
 * is locked gives a transaction a number.
 * @returns what it is at now
 */
function take(database: PostgresDatabase, version: number): Promise<Found> {
  return withLock(database, async (ask, run) => {
    const found = await read(ask)
    if (found.version !== version) return found
    const inTheWay = await whoWouldBeInTheWay(ask)
    if (inTheWay) throw new MigrationWaits(inTheWay)

    // As a simple query it also closes the last portal, whose snapshot every CREATE INDEX CONCURRENTLY would wait for.
    await run(`${waitBriefly}; SET LOCAL idle_in_transaction_session_timeout = 0`)
    const { beside = [], sql } = steps[version] as Step
    for (const part of beside) {
      if (typeof part !== 'string') await database.alone((ask, run) => build(part, ask, run))
      else await database.exclusively((_, run) => run(`${waitBriefly}; ${part}`))
    }
    if (sql) await run(sql)
    await ask(writeMeta, { name: 'schema', value: Buffer.from(String(version + 1)) })
    return { ...found, version: version + 1 }
  })
}

/** Asks for the row again and again, each time in a transaction of its own: an index is built when those before are over. */
async function withLock<T>(database: PostgresDatabase, act: (ask: Ask, run: Run) => Promise<T>): Promise<T> {
  for (const giveUpAt = performance.now() + lockSeconds * 1000; ; await sleep(50)) {
    const done = await database.exclusively(async (ask, run) => {
      await run(tryBriefly)
      const isOurs = await ask(lock).then(() => true, isNotGranted)
      return isOurs ? { result: await act(ask, run) } : undefined
    })
    if (done) return done.result
    if (performance.now() < giveUpAt) continue
    throw new MigrationWaits((await database.exclusively(whoIsInTheWay)) ?? gone)
  }
}

function isNotGranted(error: unknown): false {
  if (!isLocked(error)) throw error
  return false
}

const gone = 'somebody who has gone by now'

/** What an interrupted attempt left behind is of no use. */
async function build({ index, on }: Index, ask: Ask, run: Run): Promise<void> {
  const [found] = await ask(isValid, { index })
  if (found?.['isValid']) return
  if (found) await run(`DROP INDEX CONCURRENTLY ${index}`)
  await run(`CREATE INDEX CONCURRENTLY ${index} ON ${on}`)
}

/** Says which step it is, and who is in the way when a table's lock was not granted. */
async function waitingFor<T>(database: PostgresDatabase, step: number, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!isLocked(error) && !(error instanceof MigrationWaits)) throw error
    const whom = isLocked(error) ? await database.exclusively(whoIsInTheWay) : asThrown(error).message
    throw new MigrationWaits(`step ${step} of ${steps.length} of the schema waits for ${whom ?? gone}`)
  }
}

interface Found {
  readonly version: number
  readonly salt?: Buffer
  readonly isHalfCopy: boolean
  /** This call made the database. */
  readonly isNew?: boolean
}

async function read(ask: Ask): Promise<Found> {
  const isThere = (await ask(hasMeta)).length > 0
  const meta = new Map((isThere ? await ask(readMeta) : []).map(row => [row['name'], row['value'] as Buffer]))
  const salt = meta.get('salt')
  return { version: Number(meta.get('schema') ?? 0), isHalfCopy: meta.has('unfinished_copy'), ...(salt && { salt }) }
}
