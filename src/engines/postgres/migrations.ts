/**
 * The schema, as steps that are never edited once released. Steps are taken under a lock that ends with its transaction,
 * so that of several instances that start together one takes each step and the others find it taken.
 */
import { randomBytes } from 'node:crypto'
import { type Ask, type PostgresDatabase, statement } from './postgres-database.ts'
import { ServerMistake } from './postgres-errors.ts'

/**
 * Text is compared byte by byte (COLLATE "C"): names sort as in SQLite, whatever the database's language, and no update
 * of the operating system's collations can spoil an index.
 */
/** Exported for tests, which begin with an old one. */
export const steps: readonly string[] = [
  `
  CREATE TABLE users (
    user_id             text COLLATE "C" PRIMARY KEY,
    username            text COLLATE "C" NOT NULL UNIQUE,
    email               text COLLATE "C" UNIQUE,
    role                text COLLATE "C" NOT NULL,
    password_hash       text COLLATE "C",
    disabled            boolean NOT NULL DEFAULT false,
    credentials_version bigint NOT NULL DEFAULT 0,
    created_at          bigint NOT NULL
  );

  -- No foreign key: the session of a deleted user stays until its access tokens have expired.
  CREATE TABLE sessions (
    sid            text COLLATE "C" PRIMARY KEY,
    user_id        text COLLATE "C" NOT NULL,
    created_at     bigint NOT NULL,
    generation     bigint NOT NULL DEFAULT 0,
    rotated_at     bigint,
    retried_at     bigint,
    retries        bigint NOT NULL DEFAULT 0,
    retries_since  bigint,
    expires_at     bigint NOT NULL,
    max_expires_at bigint NOT NULL,
    revoked_at     bigint,
    revoke_reason  text COLLATE "C",
    ip             text COLLATE "C",
    user_agent     text COLLATE "C"
  );
  CREATE INDEX sessions_of_user ON sessions (user_id);
  CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
  CREATE INDEX sessions_expiring ON sessions (expires_at);

  -- Room in each page for the next version of a row, so that counting touches no index.
  CREATE TABLE limits (
    key     text COLLATE "C" PRIMARY KEY,
    count   bigint NOT NULL,
    ends_at bigint NOT NULL
  ) WITH (fillfactor = 80);
  CREATE INDEX limits_ending ON limits (ends_at);

  CREATE TABLE attempts (
    key           text COLLATE "C" PRIMARY KEY,
    failures      bigint NOT NULL,
    blocked_until bigint NOT NULL,
    expires_at    bigint NOT NULL
  );
  CREATE INDEX attempts_expiring ON attempts (expires_at);

  CREATE TABLE signing_keys (
    kid         text COLLATE "C" PRIMARY KEY,
    alg         text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL,
    public_jwk  text COLLATE "C" NOT NULL,
    private_key text COLLATE "C",
    since       bigint NOT NULL,
    changes_at  bigint
  );
  CREATE UNIQUE INDEX signing_keys_one ON signing_keys (alg, state) WHERE state IN ('next', 'current');
  `,
  // When a session is to be looked at for deletion. A rotation moves expires_at and leaves this alone, so it changes no
  // index, and the new version of the row stays in its page where there is room.
  `
  ALTER TABLE sessions ADD COLUMN due_at bigint NOT NULL DEFAULT 0;
  UPDATE sessions SET due_at = expires_at;
  DROP INDEX sessions_expiring;
  CREATE INDEX sessions_due ON sessions (due_at);
  ALTER TABLE sessions SET (fillfactor = 90);
  `,
  // Whether another maker may have made the hash. NULL is from before, or from an instance of before, so it may have been.
  'ALTER TABLE users ADD COLUMN foreign_hash boolean',
  // Whose failures they are, so that an administrator can lift the waits of a user without knowing any key.
  `
  ALTER TABLE attempts ADD COLUMN user_id text COLLATE "C";
  CREATE INDEX attempts_of_user ON attempts (user_id) WHERE user_id IS NOT NULL;
  `,
  // Seeding happens once; whoever has users or sessions has had it.
  `
  CREATE INDEX users_admins ON users (user_id) WHERE role = 'admin' AND NOT disabled;
  INSERT INTO meta (name, value) SELECT 'seeded', '\\x01'
  WHERE EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM sessions);
  `,
  // Per user: how many sessions ever began, which numbers them, and an index that leaves out the ended ones.
  `
  ALTER TABLE users ADD COLUMN sessions_begun bigint NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN number bigint;
  DROP INDEX sessions_of_user;
  CREATE INDEX sessions_of_user ON sessions (user_id) WHERE revoked_at IS NULL;
  ALTER TABLE users SET (fillfactor = 90);
  `,
]

const lock = statement('migration lock', 'SELECT pg_advisory_xact_lock(7384196250)') // a number nobody else should use
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

/**
 * A database that is up to date is only read, so that a role without the right to change tables can serve from it.
 * @returns the version that was found, the one it is now, and the salt
 * @throws {ServerMistake} when the database was written by a newer version
 */
export function migrate(database: PostgresDatabase) {
  return database.exclusively(async (ask, run) => {
    const asFound = await read(ask)
    if (asFound.salt && asFound.version >= steps.length) return known(asFound.version, asFound.salt, asFound.isHalfCopy)

    await ask(lock)
    const { version, salt = randomBytes(32), isHalfCopy } = await read(ask) // another instance may have had the lock before
    if (version === 0) {
      await run(makeMeta)
      await ask(writeMeta, { name: 'salt', value: salt })
    }
    for (const step of steps.slice(version)) await run(step)
    await ask(writeMeta, { name: 'schema', value: Buffer.from(String(steps.length)) })
    return known(version, salt, isHalfCopy)
  })
}

/** What is to be only read. @throws {ServerMistake} when the schema is not this version's */
export async function readUpToDate(ask: Ask) {
  const { version, salt, isHalfCopy } = await read(ask)
  if (salt && version >= steps.length) return known(version, salt, isHalfCopy)
  throw new ServerMistake('the database is not up to date: signet db migrate, or a start of this version, makes it so')
}

function known(found: number, salt: Buffer, isHalfCopy: boolean) {
  if (found <= steps.length) return { found, current: steps.length, salt, isHalfCopy }
  throw new ServerMistake(
    `the database is at schema ${found}, this version knows only ${steps.length}: start a newer one`,
  )
}

async function read(ask: Ask): Promise<{ version: number; salt?: Buffer; isHalfCopy: boolean }> {
  const isThere = (await ask(hasMeta)).length > 0
  const meta = new Map((isThere ? await ask(readMeta) : []).map(row => [row['name'], row['value'] as Buffer]))
  const salt = meta.get('salt')
  return { version: Number(meta.get('schema') ?? 0), isHalfCopy: meta.has('unfinished_copy'), ...(salt && { salt }) }
}
