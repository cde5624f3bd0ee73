import type { Mutant } from './mutant.ts'

const limit = { sqlite: '$limit', postgres: '$limit::bigint' }
const most = { sqlite: 'max($limit, 100000)', postgres: 'greatest($limit::bigint, 100000)' }

function whole(what: string, engine: keyof typeof limit, file: string, find: string, only: string): Mutant {
  return {
    name: `${engine}: ${what} all at once`,
    file: `src/engines/${engine}/${engine}-${file}.ts`,
    find,
    replace: find.replace(limit[engine], most[engine]),
    tests: [`test/stores/${engine}.test.ts`],
    only,
  }
}

/** What housekeeping and a list take a few at a time, so that requests run in between. */
export const mutants: readonly Mutant[] = [
  whole('attempts go', 'sqlite', 'attempts', 'expires_at <= $now LIMIT $limit', 'buckets go a day after'),
  whole('attempts go', 'postgres', 'attempts', 'ORDER BY expires_at LIMIT $limit::bigint', 'buckets go a day after'),
  whole('limits go', 'sqlite', 'limits', "${isOver('86400')} LIMIT $limit", 'a window counts'),
  // In PostgreSQL two limits stand one in the other, so that of a single one nobody notices.
  whole('challenges go', 'sqlite', 'challenges', 'ORDER BY expires_at LIMIT $limit', 'a challenge is open'),
  whole('challenges go', 'postgres', 'challenges', 'ORDER BY expires_at LIMIT $limit::bigint', 'a challenge is open'),
  whole('mails go', 'sqlite', 'mails', 'created_at <= $now - ${hour} LIMIT $limit', 'when it is too old'),
  whole('mails go', 'postgres', 'mails', 'ORDER BY expires_at LIMIT $limit::bigint', 'when it is too old'),
  whole('unsent mails come', 'sqlite', 'mails', 'ORDER BY id LIMIT $limit', 'when it is too old'),
  whole('unsent mails come', 'postgres', 'mails', 'ORDER BY id LIMIT $limit::bigint', 'when it is too old'),
  whole('sessions that are due go', 'sqlite', 'sessions', 'ORDER BY due_at LIMIT $limit', 'looked at again'),
  whole('sessions that are due go', 'postgres', 'sessions', 'ORDER BY due_at LIMIT $limit::bigint', 'looked at again'),
  whole('ended sessions go', 'sqlite', 'sessions', 'revoked_at < $before\n      LIMIT $limit', 'deleted in batches'),
  whole(
    'ended sessions go',
    'postgres',
    'sessions',
    'ORDER BY revoked_at LIMIT $limit::bigint FOR',
    'deleted in batches',
  ),
]
