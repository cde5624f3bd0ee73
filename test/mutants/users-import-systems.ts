import type { Mutant } from './mutant.ts'

/** What other systems say of their users. */
export const mutants: readonly Mutant[] = [
  {
    name: 'whoever is banned in Supabase logs in here',
    file: 'src/users/import/moving-in.ts',
    find: 'disabled: Boolean(bannedUntil),',
    replace: 'disabled: false && Boolean(bannedUntil),',
    tests: ['test/users/moving-in.test.ts'],
  },
  {
    name: 'an unusable password of Django is refused with its user',
    file: 'src/users/import/moving-in.ts',
    find: "const isUsable = typeof password === 'string' && !password.startsWith('!')",
    replace: "const isUsable = typeof password === 'string'",
    tests: ['test/users/moving-in.test.ts'],
  },
  {
    name: 'of Keycloak’s credentials a one-time code is the password',
    file: 'src/users/import/moving-in.ts',
    find: ".find(({ type }) => type === 'password')",
    replace: '[0]',
    tests: ['test/users/moving-in.test.ts'],
  },
  {
    name: 'a user of elsewhere keeps the role',
    file: 'src/users/import/moving-in.ts',
    find: 'return { value: Object.fromEntries(ours) }',
    replace: "return { value: { ...Object.fromEntries(ours), ...(row['role'] ? { role: row['role'] } : {}) } }",
    tests: ['test/users/moving-in.test.ts'],
  },
  {
    name: 'an id that JSON has rounded is taken',
    file: 'src/users/import/user-import.ts',
    find: 'Number.isSafeInteger(value) ? String(value) : value',
    replace: 'Number.isInteger(value) ? String(value) : value',
    tests: ['test/users/moving-in.test.ts'],
  },
  {
    name: 'a hash of Firebase in base64url comes in only where it has no underscore',
    file: 'src/users/import/firebase-parameters.ts',
    find: "one.replaceAll('-', '+').replaceAll('_', '/')",
    replace: "one.replaceAll('-', '+')",
    tests: ['test/users/moving-in.test.ts'],
  },
  {
    name: 'an export of Keratin that does not say who is locked lets everybody in',
    file: 'src/users/import/moving-in.ts',
    find: "required: ['id', 'username', 'password', 'locked'],",
    replace: "required: ['id', 'username', 'password'],",
    tests: ['test/users/moving-in.test.ts'],
    only: 'lacks what decides',
  },
  {
    name: 'an export of Supabase without its hashes brings everybody, without a password',
    file: 'src/users/import/moving-in.ts',
    find: "required: ['id', 'email', 'encrypted_password'],",
    replace: "required: ['id', 'email'],",
    tests: ['test/users/moving-in.test.ts'],
    only: 'lacks what decides',
  },
  {
    name: 'an empty file is no import but an error of ours',
    file: 'src/users/import/user-records.ts',
    find: '    if (done) return\n',
    replace: '',
    tests: ['test/users/moving-in.test.ts'],
    only: 'one without users',
  },
]
