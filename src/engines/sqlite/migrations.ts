/**
 * The schema, as steps that are never edited once released. `PRAGMA user_version` counts the steps that were taken; it
 * belongs to the transaction, so two processes that start together take each step once.
 */
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { SqliteDatabase } from './sqlite-database.ts'
import { createUserSample } from './user-sample.ts'

/** Exported for tests, which begin with an old one. */
export const steps: readonly string[] = [
  `
  CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE users (
    user_id             TEXT PRIMARY KEY,
    username            TEXT NOT NULL UNIQUE,
    email               TEXT UNIQUE,
    role                TEXT NOT NULL,
    password_hash       TEXT,
    disabled            INTEGER NOT NULL DEFAULT 0,
    credentials_version INTEGER NOT NULL DEFAULT 0,
    created_at          INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- No foreign key: the session of a deleted user stays until its access tokens have expired.
  CREATE TABLE sessions (
    sid            TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    generation     INTEGER NOT NULL DEFAULT 0,
    rotated_at     INTEGER,
    retried_at     INTEGER,
    retries        INTEGER NOT NULL DEFAULT 0,
    retries_since  INTEGER,
    expires_at     INTEGER NOT NULL,
    max_expires_at INTEGER NOT NULL,
    revoked_at     INTEGER,
    revoke_reason  TEXT,
    ip             TEXT,
    user_agent     TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_of_user ON sessions (user_id);
  CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
  CREATE INDEX sessions_expiring ON sessions (expires_at);

  CREATE TABLE limits (
    key     TEXT PRIMARY KEY,
    count   INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX limits_ending ON limits (ends_at);

  CREATE TABLE attempts (
    key           TEXT PRIMARY KEY,
    failures      INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX attempts_expiring ON attempts (expires_at);

  CREATE TABLE signing_keys (
    kid         TEXT PRIMARY KEY,
    alg         TEXT NOT NULL,
    state       TEXT NOT NULL,
    public_jwk  TEXT NOT NULL,
    private_key TEXT,
    since       INTEGER NOT NULL,
    changes_at  INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX signing_keys_one ON signing_keys (alg, state) WHERE state IN ('next', 'current');
  `,
  // When a session is to be looked at for deletion. A rotation moves expires_at and leaves this alone, so it changes no
  // index: of what a refresh writes in a large table that was half.
  `
  ALTER TABLE sessions ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
  UPDATE sessions SET due_at = expires_at;
  DROP INDEX sessions_expiring;
  CREATE INDEX sessions_due ON sessions (due_at);
  `,
  // Whether another maker may have made the hash: 0 is ours; 1 was imported; NULL is from before, or from an instance of
  // before, so it may have been.
  'ALTER TABLE users ADD COLUMN foreign_hash INTEGER',
  // Whose failures they are, so that an administrator can lift the waits of a user without knowing any key.
  `
  ALTER TABLE attempts ADD COLUMN user_id TEXT;
  CREATE INDEX attempts_of_user ON attempts (user_id) WHERE user_id IS NOT NULL;
  `,
  // Seeding happens once; whoever has users or sessions has had it.
  `
  CREATE INDEX users_admins ON users (user_id) WHERE role = 'admin' AND disabled = 0;
  INSERT INTO meta (name, value) SELECT 'seeded', x'01'
  WHERE EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM sessions);
  `,
  createUserSample,
  // Per user: how many sessions ever began, which numbers them, and an index that leaves out the ended ones.
  `
  ALTER TABLE users ADD COLUMN sessions_begun INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN number INTEGER;
  DROP INDEX sessions_of_user;
  CREATE INDEX sessions_of_user ON sessions (user_id) WHERE revoked_at IS NULL;
  `,
  // When and by what the user was last proved. NULL is from before, or from an instance of before: created_at, a password.
  `
  ALTER TABLE sessions ADD COLUMN auth_time INTEGER;
  ALTER TABLE sessions ADD COLUMN amr TEXT;
  `,
  // An address that nobody has proven stands apart, so that `email` stays unique and a name to log in with.
  `
  ALTER TABLE users ADD COLUMN unproven_email TEXT;
  CREATE INDEX users_unproven ON users (unproven_email) WHERE unproven_email IS NOT NULL;
  `,
  // What is to be sent, and what the links in it stand for (src/stores/mails.ts).
  `
  CREATE TABLE mails (
    id            TEXT PRIMARY KEY,
    purpose       TEXT NOT NULL,
    user_id       TEXT,
    address       TEXT,
    language      TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    due_at        INTEGER,
    tries         INTEGER NOT NULL DEFAULT 0,
    sent_at       INTEGER,
    failure       TEXT,
    name_key      TEXT,
    typed         TEXT,
    username      TEXT,
    password_hash TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX mails_ending ON mails (expires_at);
  CREATE INDEX mails_of_user ON mails (user_id) WHERE user_id IS NOT NULL;
  CREATE INDEX mails_to ON mails (address) WHERE address IS NOT NULL;
  CREATE INDEX mails_of_name ON mails (name_key) WHERE name_key IS NOT NULL;
  CREATE UNIQUE INDEX mails_one_waiting ON mails (name_key) WHERE typed IS NOT NULL;
  CREATE UNIQUE INDEX mails_held_name ON mails (username) WHERE username IS NOT NULL;
  `,
  // Second factors, their kinds once more beside the user, so that a login reads one row; and what is open for minutes.
  `
  CREATE TABLE factors (
    factor_id    TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    name         TEXT,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    last_step    INTEGER,
    data         TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX factors_of_user ON factors (user_id);

  CREATE TABLE recovery_codes (
    code    TEXT PRIMARY KEY,
    user_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX recovery_codes_of_user ON recovery_codes (user_id);

  CREATE TABLE challenges (
    challenge_id        TEXT PRIMARY KEY,
    kind                TEXT NOT NULL,
    user_id             TEXT,
    credentials_version INTEGER,
    tries               INTEGER NOT NULL,
    data                TEXT,
    expires_at          INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX challenges_expiring ON challenges (expires_at);

  ALTER TABLE users ADD COLUMN second_factors TEXT;
  `,
  // Which a right code of the same login takes back, and of no other.
  'ALTER TABLE challenges ADD COLUMN wrong_codes INTEGER',
]

/**
 * @returns the version that was found, and the one it is now
 * @throws {Error} when the file was written by a newer version
 */
export async function migrate(database: SqliteDatabase): Promise<{ found: number; current: number }> {
  const { raw, read, transaction } = database
  // Looked at first without the lock for writing, which another process may have for a while.
  let found = await read(() => stepsTaken(raw))
  const isNewInMemory = found === 0 && raw.location() === null
  if (isNewInMemory && template) {
    raw.deserialize(template)
    raw.prepare("UPDATE meta SET value = ? WHERE name = 'salt'").run(randomBytes(32))
  } else if (found < steps.length) {
    found = await transaction(() => {
      const taken = stepsTaken(raw) // another process may have been faster
      for (const step of steps.slice(taken)) raw.exec(step)
      raw.exec(`PRAGMA user_version = ${Math.max(taken, steps.length)}`)
      raw.prepare("INSERT INTO meta VALUES ('salt', ?) ON CONFLICT DO NOTHING").run(randomBytes(32))
      return taken
    })
  }
  if (found > steps.length) {
    throw new Error(`the database is at schema ${found}, this version knows only ${steps.length}: start a newer one`)
  }
  if (isNewInMemory) template ??= raw.serialize()
  return { found, current: steps.length }
}

/** A database in memory as the steps leave it: the next one of this process begins as its copy. Tests and the lab make many. */
let template: Uint8Array | undefined

function stepsTaken(raw: DatabaseSync): number {
  return Number(raw.prepare('PRAGMA user_version').get()?.['user_version'])
}

/** The number of steps: the schema a database must have to be only read. */
export const currentSchema = steps.length

export async function readSalt(database: SqliteDatabase): Promise<Buffer> {
  const row = await database.read(() => database.raw.prepare("SELECT value FROM meta WHERE name = 'salt'").get())
  return Buffer.from(row?.['value'] as Uint8Array)
}
