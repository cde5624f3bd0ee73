/**
 * The schema, as steps that are never edited once released. While one is taken, instances of the version before go on
 * writing, and a lock that is waited for holds up whoever comes after it. So what changes a table is short, and waits less
 * long for its lock than anybody else does; and what takes long is done beside the service, before it.
 */

export interface Step {
  /** What may be there already, each by itself, in this order. */
  readonly beside?: readonly (string | Index)[]
  /** Short, and in one transaction with the note that the step was taken. */
  readonly sql?: string
}

/** Built while others write, however long that takes. */
export interface Index {
  readonly index: string
  readonly on: string
}

/** All of a step at once, for a database that nobody uses yet. */
export function plainly({ beside = [], sql = '' }: Step): string {
  return [
    ...beside.map(part => (typeof part === 'string' ? part : `CREATE INDEX ${part.index} ON ${part.on}`)),
    sql,
  ].join(';\n')
}

/**
 * Text is compared byte by byte (COLLATE "C"): names sort as in SQLite, whatever the database's language, and no update
 * of the operating system's collations can spoil an index.
 */
export const steps: readonly Step[] = [
  {
    sql: `
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
  },
  // When a session is to be looked at for deletion. A rotation moves expires_at and leaves this alone, so it changes no
  // index, and the new version of the row stays in its page where there is room. Rows from before are looked at soon.
  {
    beside: [
      'ALTER TABLE sessions ADD COLUMN IF NOT EXISTS due_at bigint NOT NULL DEFAULT 0',
      { index: 'sessions_due', on: 'sessions (due_at)' },
    ],
    sql: 'DROP INDEX sessions_expiring; ALTER TABLE sessions SET (fillfactor = 90);',
  },
  // Whether another maker may have made the hash. NULL is from before, or from an instance of before, so it may have been.
  { sql: 'ALTER TABLE users ADD COLUMN foreign_hash boolean' },
  // Whose failures they are, so that an administrator can lift the waits of a user without knowing any key.
  {
    beside: [
      'ALTER TABLE attempts ADD COLUMN IF NOT EXISTS user_id text COLLATE "C"',
      { index: 'attempts_of_user', on: 'attempts (user_id) WHERE user_id IS NOT NULL' },
    ],
  },
  // Seeding happens once; whoever has users or sessions has had it.
  {
    beside: [{ index: 'users_admins', on: `users (user_id) WHERE role = 'admin' AND NOT disabled` }],
    sql: `INSERT INTO meta (name, value) SELECT 'seeded', '\\x01'
      WHERE EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM sessions)`,
  },
  // Per user: how many sessions ever began, which numbers them, and an index that leaves out the ended ones.
  {
    beside: [
      'ALTER TABLE users ADD COLUMN IF NOT EXISTS sessions_begun bigint NOT NULL DEFAULT 0',
      'ALTER TABLE sessions ADD COLUMN IF NOT EXISTS number bigint',
      { index: 'sessions_of_live_user', on: 'sessions (user_id) WHERE revoked_at IS NULL' },
    ],
    sql: `DROP INDEX sessions_of_user; ALTER INDEX sessions_of_live_user RENAME TO sessions_of_user;
      ALTER TABLE users SET (fillfactor = 90);`,
  },
  // When and by what the user was last proved. NULL is from before, or from an instance of before: created_at, a password.
  { sql: 'ALTER TABLE sessions ADD COLUMN auth_time bigint, ADD COLUMN amr text COLLATE "C"' },
  // An address that nobody has proven stands apart, so that `email` stays unique and a name to log in with.
  {
    beside: [
      'ALTER TABLE users ADD COLUMN IF NOT EXISTS unproven_email text COLLATE "C"',
      { index: 'users_unproven', on: 'users (unproven_email) WHERE unproven_email IS NOT NULL' },
    ],
  },
  // What is to be sent, and what the links in it stand for (src/stores/mails.ts).
  {
    sql: `
  CREATE TABLE mails (
    id            text COLLATE "C" PRIMARY KEY,
    purpose       text COLLATE "C" NOT NULL,
    user_id       text COLLATE "C",
    address       text COLLATE "C",
    language      text COLLATE "C" NOT NULL,
    created_at    bigint NOT NULL,
    expires_at    bigint NOT NULL,
    due_at        bigint,
    tries         bigint NOT NULL DEFAULT 0,
    sent_at       bigint,
    failure       text COLLATE "C",
    name_key      text COLLATE "C",
    typed         text COLLATE "C",
    username      text COLLATE "C",
    password_hash text COLLATE "C"
  );
  CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX mails_ending ON mails (expires_at);
  CREATE INDEX mails_of_user ON mails (user_id) WHERE user_id IS NOT NULL;
  CREATE INDEX mails_to ON mails (address) WHERE address IS NOT NULL;
  CREATE INDEX mails_of_name ON mails (name_key) WHERE name_key IS NOT NULL;
  CREATE UNIQUE INDEX mails_one_waiting ON mails (name_key) WHERE typed IS NOT NULL;
  CREATE UNIQUE INDEX mails_held_name ON mails (username) WHERE username IS NOT NULL;
  `,
  },
  // Second factors, their kinds once more beside the user, so that a login reads one row; and what is open for minutes.
  {
    beside: ['ALTER TABLE users ADD COLUMN IF NOT EXISTS second_factors text COLLATE "C"'],
    sql: `
  CREATE TABLE factors (
    factor_id    text COLLATE "C" PRIMARY KEY,
    user_id      text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    name         text COLLATE "C",
    created_at   bigint NOT NULL,
    last_used_at bigint,
    last_step    bigint,
    data         text COLLATE "C" NOT NULL
  );
  CREATE INDEX factors_of_user ON factors (user_id);

  CREATE TABLE recovery_codes (
    code    text COLLATE "C" PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL
  );
  CREATE INDEX recovery_codes_of_user ON recovery_codes (user_id);

  CREATE TABLE challenges (
    challenge_id        text COLLATE "C" PRIMARY KEY,
    kind                text COLLATE "C" NOT NULL,
    user_id             text COLLATE "C",
    credentials_version bigint,
    tries               bigint NOT NULL,
    data                text COLLATE "C",
    expires_at          bigint NOT NULL
  );
  CREATE INDEX challenges_expiring ON challenges (expires_at);
  `,
  },
  // Which a right code of the same login takes back, and of no other.
  { sql: 'ALTER TABLE challenges ADD COLUMN wrong_codes bigint' },
]
