import type { Mutant } from './mutant.ts'

const folder = 'src/engines/sqlite'
const contract = ['test/stores/sqlite.test.ts']

/** SQLite: the schema, the file, its copies. */
export const mutants: readonly Mutant[] = [
  {
    name: 'every start writes the schema',
    file: `${folder}/migrations.ts`,
    find: 'if (found < steps.length) {',
    replace: 'if (found <= steps.length) {',
    tests: ['test/stores/sqlite-durability.test.ts'],
  },
  {
    name: 'the sessions that are due have no index',
    file: `${folder}/migrations.ts`,
    find: '  CREATE INDEX sessions_due ON sessions (due_at);\n',
    replace: '',
    tests: ['test/stores/sqlite-plans.test.ts'],
  },
  {
    name: 'the sessions of a user have no index',
    file: `${folder}/migrations.ts`,
    find: '  CREATE INDEX sessions_of_user ON sessions (user_id) WHERE revoked_at IS NULL;\n',
    replace: '',
    tests: ['test/stores/sqlite-plans.test.ts'],
  },
  {
    name: 'what was revoked has no index',
    file: `${folder}/migrations.ts`,
    find: '  CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;\n',
    replace: '',
    tests: ['test/stores/sqlite-plans.test.ts'],
  },
  {
    name: 'attempts that end have no index',
    file: `${folder}/migrations.ts`,
    find: '  CREATE INDEX attempts_expiring ON attempts (expires_at);\n',
    replace: '',
    tests: ['test/stores/sqlite-plans.test.ts'],
  },
  {
    name: 'there may be two keys that sign',
    file: `${folder}/migrations.ts`,
    find: "  CREATE UNIQUE INDEX signing_keys_one ON signing_keys (alg, state) WHERE state IN ('next', 'current');\n",
    replace: '',
    tests: contract,
    only: 'an algorithm has one current and one next key',
  },
  {
    name: 'a backup without a snapshot',
    file: `${folder}/sqlite-backup.ts`,
    find: "    source.exec('BEGIN')\n    source.prepare(\"SELECT 1 FROM meta WHERE name = 'salt'\").get()\n",
    replace: '',
    tests: ['test/stores/sqlite-durability.test.ts'],
  },
  {
    name: 'a backup gets its name before it was looked at',
    file: `${folder}/sqlite-backup.ts`,
    find: '    requireWholeCopy(path, partial)\n    giveName(partial, file)\n',
    replace: '    giveName(partial, file)\n    requireWholeCopy(path, file)\n',
    tests: ['test/stores/sqlite-backup.test.ts'],
  },
  {
    name: 'a backup can be read by others',
    file: `${folder}/sqlite-backup.ts`,
    find: "openSync(partial, 'wx', 0o600)",
    replace: "openSync(partial, 'wx', 0o644)",
    tests: contract,
    only: 'a copy is a database of its own',
  },
  {
    name: 'the database file can be read by others',
    file: `${folder}/database-file.ts`,
    find: "openSync(path, 'a', 0o600)",
    replace: "openSync(path, 'a', 0o644)",
    tests: ['test/stores/sqlite-mode.test.ts'],
  },
  {
    name: 'a file that was replaced is not noticed',
    file: `${folder}/database-file.ts`,
    find: 'if (was === undefined || is === was) continue',
    replace: 'if (was === undefined || is !== undefined) continue',
    tests: ['test/stores/sqlite-file.test.ts'],
  },
  {
    name: 'a restore goes on while a service has the database open',
    file: `${folder}/former-database.ts`,
    find: "    if (kindOf(error) === 'busy') throw inUse(path, error)\n",
    replace: '',
    tests: ['test/stores/sqlite-restore.test.ts'],
  },
  {
    name: 'a restore leaves the WAL of the former database beside the new one',
    file: `${folder}/sqlite-restore.ts`,
    find: '    if (existsSync(`${target}${suffix}`)) renameSync(`${target}${suffix}`, `${aside}${suffix}`)\n',
    replace: '',
    tests: ['test/stores/sqlite-restore.test.ts'],
  },
  {
    name: 'half a copy opens as a database',
    file: `${folder}/sqlite-stores.ts`,
    find: '  refuseUnfinishedCopy(database.raw)\n',
    replace: '  void refuseUnfinishedCopy\n',
    tests: contract,
    only: 'half a copy opens for nothing',
  },
]
