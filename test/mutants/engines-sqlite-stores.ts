import type { Mutant } from './mutant.ts'

export const mutants: readonly Mutant[] = [
  {
    name: 'a booking that is taken back leaves the wait it brought',
    file: 'src/engines/sqlite/sqlite-attempts.ts',
    find: '$count, 0), blocked_until = min(blocked_until, $now) WHERE',
    replace: '$count, 0), blocked_until = max(blocked_until, 0 * $now) WHERE',
    tests: ['test/stores/sqlite.test.ts'],
    only: 'a booking can be taken back',
  },
  {
    name: 'of two that seal the data key anew the later one wins, whatever it has read',
    file: 'src/engines/sqlite/sqlite-keys.ts',
    find: "WHERE name = 'data_key' AND value = $from\n      AND",
    replace: "WHERE name = 'data_key' AND length($from) >= 0\n      AND",
    tests: [
      'test/stores/sqlite.test.ts',
      'test/keys/key-service.test.ts',
      'test/keys/rotation.test.ts',
      'test/cli/factors.test.ts',
    ],
  },
  {
    name: 'a link stays good when another of its kind was sent',
    file: 'src/engines/sqlite/sqlite-mails.ts',
    find: 'SET expires_at = min(expires_at, $now), due_at = NULL WHERE user_id',
    replace: 'SET expires_at = max(expires_at, 0 * $now), due_at = NULL WHERE user_id',
    tests: ['test/stores/sqlite.test.ts'],
  },
  {
    name: 'an enrolment can be ended by another user',
    file: 'src/engines/sqlite/sqlite-factors.ts',
    find: 'WHERE challenge_id = $challengeId AND user_id = $userId AND expires_at > $now',
    replace: "WHERE challenge_id = $challengeId AND $userId <> '' AND expires_at > $now",
    tests: [
      'test/http/totp.test.ts',
      'test/stores/sqlite.test.ts',
      'test/http/one-session.test.ts',
      'test/http/recovery-codes.test.ts',
    ],
  },
  {
    name: 'a challenge of one kind is found as one of another',
    file: 'src/engines/sqlite/sqlite-challenges.ts',
    find: 'SELECT * FROM challenges WHERE ${isOpen} AND kind = $kind`',
    replace: "SELECT * FROM challenges WHERE ${isOpen} AND $kind <> ''`",
    tests: ['test/stores/sqlite.test.ts'],
  },
  {
    name: 'a mail whose link is over still counts as waiting',
    file: 'src/engines/sqlite/sqlite-mails.ts',
    find: 'WHERE due_at >= 0 AND expires_at > $now`)',
    replace: 'WHERE due_at >= 0`)',
    tests: ['test/stores/sqlite.test.ts'],
    only: 'a mail is neither sent nor found when it is too old',
  },
  {
    name: 'a mail goes out to an address while another one to it is on its way',
    file: 'src/engines/mail-sql.ts',
    find: 'ELSE other.tries > 0 END)',
    replace: 'ELSE false END)',
    tests: ['test/stores/sqlite.test.ts'],
    only: 'an address that fails',
  },
]
