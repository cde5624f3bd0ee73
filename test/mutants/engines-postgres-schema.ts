import type { Mutant } from './mutant.ts'

const folder = 'src/engines/postgres'
const contract = ['test/stores/postgres.test.ts']

/** The schema, how it comes to be, and copies of what is in it. */
export const mutants: readonly Mutant[] = [
  {
    name: 'every start writes the schema',
    file: `${folder}/migrations.ts`,
    find: '  while (now.version < steps.length) {\n    const { version } = now\n',
    replace:
      '  for (let again = 1; again > 0 || now.version < steps.length; again--) {\n    const version = Math.min(now.version, steps.length - 1)\n',
    tests: contract,
    only: 'a start finds a database that is up to date',
  },
  {
    name: 'two that start at once take a step twice',
    file: `${folder}/migrations.ts`,
    find: '    if (found.salt) return found // by another instance that had the lock before\n',
    replace: '',
    tests: contract,
    only: 'five that open an empty database at once',
  },
  {
    name: 'the sessions that are due have no index',
    file: `${folder}/schema.ts`,
    find: "      { index: 'sessions_due', on: 'sessions (due_at)' },\n",
    replace: '',
    tests: contract,
    only: 'it has the indexes that SQLite has',
  },
  {
    name: 'the sessions of a user have no index',
    file: `${folder}/schema.ts`,
    find: 'DROP INDEX sessions_of_user; ALTER INDEX sessions_of_live_user RENAME TO sessions_of_user;',
    replace: 'DROP INDEX sessions_of_user; DROP INDEX sessions_of_live_user;',
    tests: contract,
    only: 'it has the indexes that SQLite has',
  },
  {
    name: 'text sorts in a language',
    file: `${folder}/schema.ts`,
    find: 'username            text COLLATE "C" NOT NULL UNIQUE',
    replace: 'username            text NOT NULL UNIQUE',
    tests: contract,
    only: 'names sort character by character',
  },
  {
    name: 'the time is that of this machine',
    file: `${folder}/postgres-stores.ts`,
    find: 'const database = openPostgresDatabase(server, clock)',
    replace: 'const database = openPostgresDatabase(server, clock ?? (() => 1))',
    tests: contract,
    only: 'the time is that of the database',
  },
  {
    name: 'a copy is written over what somebody uses',
    file: `${folder}/postgres-transfer.ts`,
    find: '        if (isNew && (await ask(anyRow)).length > 0) {\n',
    replace: '        if (isNew && !anyRow) {\n',
    tests: contract,
    only: 'what somebody uses is never copied over',
  },
  {
    name: 'a migration waits for its lock while requests queue up behind it',
    file: `${folder}/migrations.ts`,
    find: "const waitBriefly = 'SET LOCAL lock_timeout = 1000'",
    replace: "const waitBriefly = 'SET LOCAL lock_timeout = 30000'",
    tests: ['test/stores/postgres-migration.test.ts'],
  },
  {
    name: 'an index that an interrupted attempt left behind is taken as it is',
    file: `${folder}/migrations.ts`,
    find: "  if (found?.['isValid']) return\n  if (found) await run(`DROP INDEX CONCURRENTLY ${index}`)\n",
    replace: '  if (found) return\n',
    tests: ['test/stores/postgres-migration.test.ts'],
  },
  {
    name: 'a log line about who is in the way shows a value of the query',
    file: `${folder}/who-is-in-the-way.ts`,
    find: ".replace(/'(?:[^']|'')*(?:'|$)/g, '?')",
    replace: '',
    tests: ['test/stores/postgres-migration.test.ts'],
  },
  {
    name: 'a copy forgets how many sessions a user began',
    file: 'src/engines/transfer-columns.ts',
    find: "    'sessions_begun',\n",
    replace: '',
    tests: ['test/stores/transfer-columns.test.ts'],
  },
  {
    name: 'two copies write into one database',
    file: `${folder}/postgres-transfer.ts`,
    find: 'if (!found || !mark.equals(found)) throw',
    replace: 'if (!found) throw',
    tests: contract,
    only: 'half a copy opens for nothing',
  },
  {
    name: 'half a copy is served from',
    file: `${folder}/postgres-stores.ts`,
    find: '    if (found.isHalfCopy) throw unfinishedCopy()\n',
    replace: '    void unfinishedCopy\n',
    tests: contract,
    only: 'half a copy opens for nothing',
  },
  {
    name: 'a source moves while it is copied',
    file: `${folder}/postgres-transfer.ts`,
    find: "}, 'REPEATABLE READ, READ ONLY')",
    replace: '})',
    tests: contract,
    only: 'a source stands still',
  },
]
