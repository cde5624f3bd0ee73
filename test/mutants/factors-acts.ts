import type { Mutant } from './mutant.ts'

export const mutants: readonly Mutant[] = [
  {
    name: 'whose factors an administrator removed goes on waiting after wrong codes',
    file: 'src/factors/removal.ts',
    find: '    await limit.lift(userId)\n',
    replace: '',
    tests: ['test/factors/guessing.test.ts'],
  },
  {
    name: 'every wrong code after the tenth is another mail',
    file: 'src/factors/code-check.ts',
    find: 'if (failures === suspicious) {',
    replace: 'if (failures >= suspicious) {',
    tests: ['test/factors/guessing.test.ts', 'test/factors/notices.test.ts'],
  },
  {
    name: 'that three recovery codes are left is not told',
    file: 'src/factors/recovery-codes.ts',
    find: 'codesLeft !== undefined && codesLeft <= fewCodes',
    replace: 'codesLeft !== undefined && codesLeft < fewCodes',
    tests: ['test/http/recovery-codes.test.ts'],
  },
  {
    name: 'each passkey of a user has another user handle',
    file: 'src/factors/passkeys.ts',
    find: "const userHandle = others[0]?.userHandle ?? randomBytes(32).toString('base64url')",
    replace: "const userHandle = randomBytes(32).toString('base64url')",
    tests: ['test/factors/passkeys.test.ts', 'test/factors/not-installed.test.ts'],
  },
  {
    name: 'who has no password may keep an authenticator app alone',
    file: 'src/factors/enrolment.ts',
    find: "user.passwordHash !== null || left.includes('passkey')",
    replace: 'user.passwordHash !== null || left.length > 0',
    tests: ['test/http/passkeys.test.ts'],
  },
  {
    name: 'a secret that was shown can be confirmed for an hour',
    file: 'src/factors/factor-service.ts',
    find: 'const enrolmentSeconds = 600',
    replace: 'const enrolmentSeconds = 3600',
    tests: ['test/http/totp.test.ts'],
  },
]
