/**
 * Brings a database up to date, step by step, each under a lock that ends with its transaction, so that of several
 * instances that start together one takes each step and the others find it taken. It never waits long: a step that cannot
 * be taken now fails with who is in the way, and is for whoever asks again.
 */
import { randomBytes } from 'node:crypto'
import { lockNumber } from './lock-number.ts'
import { type Ask, type PostgresDatabase, type Run, statement } from './postgres-database.ts'
import { isLocked, MigrationWaits, ServerMistake } from './postgres-errors.ts'
import { type Index, plainly, type Step, steps } from './schema.ts'
import { whoIsInTheWay } from './who-is-in-the-way.ts'

const lock = statement('migration lock', `SELECT pg_advisory_xact_lock(${lockNumber})`)
// Not to_regclass(), which remembers within a transaction that there was none, also after waiting for the lock.
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

/** Nobody else waits for this lock but for the same reason. */
const waitForOthers = 'SET LOCAL lock_timeout = 3000; SET LOCAL idle_in_transaction_session_timeout = 0'
/** Half of what a request waits for a lock, because requests queue up behind this one. */
const waitBriefly = 'SET LOCAL lock_timeout = 1000'

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

/** A new database, all or nothing. @returns what it is at afterwards, whoever made it */
function create(database: PostgresDatabase, schema: string | undefined) {
  return database.exclusively(async (ask, run) => {
    await run(waitForOthers)
    await ask(lock)
    const found = await read(ask)
    if (found.salt) return found // by another instance that had the lock before
    const [missing] = await ask(missingSchema, { schema: schema ?? null })
    if (missing) await run(`CREATE SCHEMA ${missing['name']}`)
    await run(makeMeta)
    await run(steps.map(plainly).join(';\n'))
    const salt = randomBytes(32)
    await ask(writeMeta, { name: 'salt', value: salt })
    await ask(writeMeta, { name: 'schema', value: Buffer.from(String(steps.length)) })
    return { ...found, salt, version: steps.length, isNew: true }
  })
}

/** Takes one step if nobody has. @returns what it is at now */
function take(database: PostgresDatabase, version: number): Promise<Found> {
  return database.exclusively(async (ask, run) => {
    await run(waitForOthers)
    await ask(lock)
    const found = await read(ask)
    if (found.version !== version) return found
    const { beside = [], sql } = steps[version] as Step
    const inTheWay = await whoIsInTheWay(ask, true)
    if (inTheWay) throw new MigrationWaits(waitsFor(version + 1, inTheWay))

    for (const part of beside) {
      if (typeof part !== 'string') await database.alone((ask, run) => build(part, ask, run))
      else await database.exclusively((_, run) => run(`${waitBriefly}; ${part}`))
    }
    if (sql) await run(`${waitBriefly}; ${sql}`)
    await ask(writeMeta, { name: 'schema', value: Buffer.from(String(version + 1)) })
    return { ...found, version: version + 1 }
  })
}

/** What an interrupted attempt left behind is of no use. */
async function build({ index, on }: Index, ask: Ask, run: Run): Promise<void> {
  const [found] = await ask(isValid, { index })
  if (found?.['isValid']) return
  if (found) await run(`DROP INDEX CONCURRENTLY ${index}`)
  await run(`CREATE INDEX CONCURRENTLY ${index} ON ${on}`)
}

async function waitingFor<T>(database: PostgresDatabase, step: number, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!isLocked(error)) throw error
    const inTheWay = await database.exclusively(ask => whoIsInTheWay(ask, false))
    throw new MigrationWaits(waitsFor(step, inTheWay ?? 'somebody who has gone by now'), error)
  }
}

const waitsFor = (step: number, whom: string) => `step ${step} of ${steps.length} of the schema waits for ${whom}`

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
