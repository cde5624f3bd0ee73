import type { Mutant } from './mutant.ts'

/** What commands ask before, and say after, they act. */
export const mutants: readonly Mutant[] = [
  {
    name: 'the language of an invitation has to be typed in lower case',
    file: 'src/cli/users.ts',
    find: '(language ?? others.language).toLowerCase()',
    replace: 'language ?? others.language',
    tests: ['test/cli/mail.test.ts'],
  },
  {
    name: "users set: one's own address is somebody's",
    file: 'src/cli/users.ts',
    find: 'await requireNobody(stores, address ?? null, undefined, userId)',
    replace: 'await requireNobody(stores, address ?? null)',
    tests: ['test/cli/users.test.ts'],
  },
  {
    name: "sessions end --user looks like the user's own act",
    file: 'src/cli/sessions.ts',
    find: 'logOutAll(userId, undefined, actor.by)',
    replace: 'logOutAll(userId, undefined)',
    tests: ['test/cli/audited.test.ts'],
  },
  {
    name: 'keys rotate asks under HS256, for nothing',
    file: 'src/cli/keys.ts',
    find: "if (algorithm !== 'HS256' && !yes",
    replace: 'if (!yes',
    tests: ['test/cli/keys.test.ts'],
  },
  {
    name: 'db backup makes the database that is missing',
    file: 'src/cli/db.ts',
    find: 'await withDomain(call, options, async ({ stores }) => {',
    replace: 'await withDomain(call, { ...options, create: true }, async ({ stores }) => {',
    tests: ['test/cli/exit-codes.test.ts'],
  },
  {
    name: 'users factors --remove-all does not ask',
    file: 'src/cli/factors.ts',
    find: "  await requireSure(call, options, 'Remove the second factors of all users and end their sessions?')\n",
    replace: '',
    tests: ['test/cli/factors.test.ts'],
  },
  {
    name: 'an import leaves no line',
    file: 'src/users/import/import-service.ts',
    find: "      if (tally.inserted > 0) audit({ event: 'users.imported', count: tally.inserted })\n",
    replace: '',
    tests: ['test/cli/audited.test.ts'],
  },
]
