import type { Mutant } from './mutant.ts'

const folder = 'src/engines/sqlite'
const contract = ['test/stores/sqlite.test.ts']

/** SQLite: transactions, groups of writes, and when one is on disk. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a write is answered before its commit',
    file: `${folder}/sqlite-database.ts`,
    find: "    raw.exec('COMMIT')\n",
    replace: "    setImmediate(() => raw.isOpen && raw.isTransaction && raw.exec('COMMIT'))\n",
    tests: ['test/stores/sqlite-durability.test.ts'],
  },
  {
    name: 'a second group is never served',
    file: `${folder}/group-commit.ts`,
    find: '    isServing = false\n  }',
    replace: '  }',
    tests: ['test/stores/sqlite-durability.test.ts'],
  },
  {
    name: 'what did not fit into a group is dropped',
    file: `${folder}/group-commit.ts`,
    find: 'answerWhenSettled(line.splice(0, outcomes.length), outcomes)',
    replace: 'answerWhenSettled(line.splice(0, line.length).slice(0, outcomes.length), outcomes)',
    tests: ['test/stores/sqlite-durability.test.ts'],
  },
  {
    name: 'writes are answered before they are on disk',
    file: `${folder}/group-commit.ts`,
    find: '      await settle()\n',
    replace: '      void settle()\n',
    tests: ['test/stores/sqlite-durability.test.ts', 'test/stores/sqlite-power-failure.test.ts'],
  },
  {
    name: 'reads are answered before what they saw is on disk',
    file: `${folder}/sqlite-database.ts`,
    find: '    await settle()\n',
    replace: '',
    tests: ['test/stores/sqlite-durability.test.ts', 'test/stores/sqlite-power-failure.test.ts'],
  },
  {
    name: 'what another process wrote is taken for written',
    file: `${folder}/wal-sync.ts`,
    find: "dataVersion.get()?.['data_version']",
    replace: '0',
    tests: ['test/stores/sqlite-durability.test.ts', 'test/stores/sqlite-power-failure.test.ts'],
  },
  {
    name: 'what came while the disk was busy is taken for written',
    file: `${folder}/wal-sync.ts`,
    find: '      synced = version\n',
    replace: '      synced = now()\n',
    tests: ['test/stores/sqlite-durability.test.ts', 'test/stores/sqlite-power-failure.test.ts'],
  },
  {
    name: 'a disk that failed is asked again',
    file: `${folder}/wal-sync.ts`,
    find: '      if (failure) return Promise.reject(failure)\n',
    replace: '',
    tests: ['test/stores/sqlite-durability.test.ts'],
  },
  {
    name: 'the event loop begins the WAL again',
    file: `${folder}/checkpoint-worker.ts`,
    find: '    if (isWhole) beginAgain(database)\n',
    replace: '',
    tests: ['test/processes/slow-disk.test.ts'],
  },
  {
    name: 'no WAL',
    file: `${folder}/sqlite-database.ts`,
    find: 'PRAGMA journal_mode = WAL; ',
    replace: '',
    tests: ['test/stores/sqlite-durability.test.ts'],
  },
  {
    name: 'a group that fails in the middle is committed with the next one',
    file: `${folder}/sqlite-database.ts`,
    find: "      if (raw.isOpen && raw.isTransaction) raw.exec('ROLLBACK')\n",
    replace: "      if (raw.isOpen && raw.isTransaction) raw.exec('COMMIT')\n",
    tests: ['test/stores/sqlite-lock.test.ts', 'test/stores/sqlite-file.test.ts'],
  },
  {
    name: 'an act of several statements that fails is half done',
    file: `${folder}/sqlite-database.ts`,
    find: "raw.exec('ROLLBACK TO act; RELEASE act')",
    replace: "raw.exec('RELEASE act')",
    tests: ['test/stores/sqlite-lock.test.ts', ...contract],
  },
  {
    name: 'one that fails takes its whole group along',
    file: `${folder}/sqlite-database.ts`,
    find: "if (raw.isOpen && kindOf(error) === 'mistake') return { error }",
    replace: 'if (raw.isOpen && error instanceof SignetError) return { error }',
    tests: ['test/stores/sqlite-lock.test.ts'],
  },
  {
    name: 'the longest group has no limit in time',
    file: `${folder}/sqlite-database.ts`,
    find: '      if (performance.now() >= until) break\n',
    replace: '',
    tests: ['test/stores/sqlite-lock.test.ts', 'test/stores/sqlite-slices.test.ts'],
  },
  {
    name: 'a group is answered all at once',
    file: `${folder}/group-commit.ts`,
    find: '    if (index > 0 && index % answersInATurn === 0) await turn()\n',
    replace: '',
    tests: ['test/stores/sqlite-line.test.ts'],
  },
  {
    name: 'a write waits for a lock for ever',
    file: `${folder}/group-commit.ts`,
    find: '      else refuseImpatient()\n',
    replace: '',
    tests: ['test/stores/sqlite-lock.test.ts'],
  },
  {
    name: 'a broken disk is a mistake of the request',
    file: `${folder}/sqlite-errors.ts`,
    find: '13 /* FULL */, ',
    replace: '',
    tests: ['test/stores/sqlite-file.test.ts', 'test/stores/sqlite-lock.test.ts'],
  },
  {
    name: 'a WAL grows until the service stops',
    file: `${folder}/checkpoint-worker.ts`,
    find: "const isWhole = move(isLarge ? 'TRUNCATE' : 'RESTART')",
    replace: "const isWhole = move(isLarge ? 'PASSIVE' : 'PASSIVE')",
    tests: ['test/stores/sqlite-wal.test.ts'],
  },
]
