import type { Mutant } from './mutant.ts'

const folder = 'src/engines/sqlite'
const contract = ['test/stores/sqlite.test.ts']

/** SQLite: sessions begun, rotated, ended. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a session is confirmed by a password of before',
    file: `${folder}/sqlite-sessions.ts`,
    find: 'const userIsSame = `EXISTS (${enabledUser} AND credentials_version = $version)`',
    replace: 'const userIsSame = `EXISTS (${enabledUser} AND credentials_version >= $version)`',
    tests: contract,
  },
  {
    name: 'a rotation within the race window is another rotation',
    file: `${folder}/sqlite-sessions.ts`,
    find: 'AND (rotated_at IS NULL OR $now >= rotated_at + $window)',
    replace: 'AND (rotated_at IS NULL OR $now > rotated_at + 0 * $window)',
    tests: contract,
    only: 'a rotation raises the generation once',
  },
  {
    name: 'the session of a disabled user is rotated',
    file: `${folder}/sqlite-sessions.ts`,
    find: "users.user_id = sessions.user_id AND disabled = 0'",
    replace: "users.user_id = sessions.user_id'",
    tests: contract,
  },
  {
    name: 'a retry is counted whatever was judged',
    file: `${folder}/sqlite-sessions.ts`,
    find: "const asJudged = 'sid = $sid AND generation = $judged AND retries = $retries'",
    replace: "const asJudged = 'sid = $sid AND generation = $judged AND retries <= $retries + 99'",
    tests: contract,
  },
  {
    name: 'a disabled user begins a session',
    file: `${folder}/begin-session.ts`,
    find: 'AND disabled = 0 AND credentials_version = $version',
    replace: 'AND credentials_version = $version',
    tests: contract,
    only: 'no session begins for a user who changed meanwhile',
  },
  {
    name: 'an old password begins a session after it was changed',
    file: `${folder}/begin-session.ts`,
    find: 'AND disabled = 0 AND credentials_version = $version',
    replace: 'AND disabled = 0 AND $version >= 0',
    tests: contract,
    only: 'no session begins for a user who changed meanwhile',
  },
  {
    name: 'the new session may be the one that ends beyond the limit',
    file: `${folder}/begin-session.ts`,
    find: 'ORDER BY sid = $sid DESC, max(',
    replace: 'ORDER BY sid = $sid AND 0 DESC, max(',
    tests: contract,
    only: 'the new session is never the one that ends',
  },
  {
    name: 'the session of a disabled user catches up after a lost write',
    file: 'src/engines/sqlite/sqlite-sessions.ts',
    find: 'WHERE ${asJudged} AND ${live} AND ${userIsEnabled}\n    RETURNING *`)\n  const countRetry',
    replace: 'WHERE ${asJudged} AND ${live}\n    RETURNING *`)\n  const countRetry',
    tests: ['test/stores/sqlite.test.ts'],
    only: 'good for nothing while its user is disabled',
  },
  {
    name: 'the last session of a page is the first of the next',
    file: 'src/engines/sqlite/sqlite-sessions.ts',
    find: '(created_at = $createdAt AND sid > $sid))',
    replace: '(created_at = $createdAt AND sid >= $sid))',
    tests: ['test/stores/sqlite.test.ts'],
  },
]
