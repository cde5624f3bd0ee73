import type { Mutant } from './mutant.ts'

const totp = 'src/factors/totp.ts'
const service = 'src/factors/factor-service.ts'
const stores = ['test/stores/sqlite.test.ts']

export const mutants: readonly Mutant[] = [
  {
    name: 'a code of two steps ago is good',
    file: totp,
    find: '[present + 1, present, present - 1]',
    replace: '[present + 1, present, present - 1, present - 2]',
    tests: ['test/factors/totp.test.ts'],
  },
  {
    name: 'clocks that are behind are locked out',
    file: totp,
    find: '[present + 1, present, present - 1]',
    replace: '[present + 1, present]',
    tests: ['test/factors/totp.test.ts'],
  },
  {
    name: 'a code counts twice',
    file: 'src/engines/sqlite/sqlite-factors.ts',
    find: 'WHERE factor_id = $factorId AND last_step < $step`',
    replace: 'WHERE factor_id = $factorId AND last_step <= $step`',
    tests: ['test/http/totp.test.ts', 'test/http/one-session.test.ts', ...stores],
  },
  {
    name: 'the code that confirmed an app counts once more',
    file: service,
    find: 'kind, name: null, lastStep, data }',
    replace: 'kind, name: null, lastStep: lastStep - 1, data }',
    tests: ['test/http/totp.test.ts'],
  },
  {
    name: 'a recovery code is looked for and then spent',
    file: 'src/engines/sqlite/sqlite-factors.ts',
    find: 'transaction(() => (spendCode.run({ code, userId }).changes === 1 ? count(userId) : undefined))',
    replace: 'transaction(() => (spendCode.run({ code, userId }), count(userId)))',
    tests: ['test/http/recovery-codes.test.ts', ...stores],
  },
  {
    name: 'a secret that was sealed for somebody else opens',
    file: 'src/factors/secret-name.ts',
    find: 'return `totp ${userId}`',
    replace: 'return `totp ${userId.slice(0, 0)}`',
    tests: ['test/factors/at-rest.test.ts'],
    only: 'moved to another user',
  },
  {
    name: 'an enrolment is good in another session',
    file: service,
    find: 'return `totp ${sid}`',
    replace: 'return `totp ${sid.slice(0, 0)}`',
    tests: ['test/http/totp.test.ts'],
  },
  {
    name: 'an open browser is enough to add a factor',
    file: 'routes/factors.ts',
    find: '[app.authenticateToEnrol, app.requireFresh]',
    replace: '[app.authenticateToEnrol]',
    tests: ['test/http/totp.test.ts'],
  },
  {
    name: 'a password confirms somebody who has a factor',
    file: 'src/tokens/step-up.ts',
    find: 'if (known.secondFactors.length > 0) {',
    replace: 'if (known.secondFactors.length > 9) {',
    tests: ['test/http/totp.test.ts'],
  },
  {
    name: 'an account of somebody else s address adds a factor',
    file: 'src/factors/enrolment.ts',
    find: 'if (email !== null && !emailVerified) throw',
    replace: 'if (email === null && emailVerified) throw',
    tests: ['test/factors/notices.test.ts'],
  },
  {
    name: 'the token of somebody without a factor is as good as any',
    file: 'src/tokens/token-verifier.ts',
    find: "if (claims.aud === forEnrolment && !mayEnrol) throw new SignetError('enrolment_required', 'no second factor yet')\n",
    replace: '',
    tests: ['test/http/enrolment.test.ts'],
  },
  {
    name: 'who must add a factor keeps the role meanwhile',
    file: 'src/tokens/access-token.ts',
    find: 'const role = isForEnrolment ? enrolment : user.role',
    replace: 'const { role } = user',
    tests: ['test/http/enrolment.test.ts'],
  },
  {
    name: 'a form gets a session that is good for nothing',
    file: 'routes/token.ts',
    find: "app.tokens.logIn(grant, request.client, 'onlyWhole')",
    replace: 'app.tokens.logIn(grant, request.client)',
    tests: ['test/http/enrolment.test.ts'],
  },
  {
    name: 'the last factor of an administrator goes',
    file: 'src/factors/enrolment.ts',
    find: '(left.length > 0 || !isDemanded(user, mode))',
    replace: '(left.length > 0 || mode !== null)',
    tests: ['test/http/enrolment.test.ts'],
  },
  {
    name: 'adding a factor leaves other sessions alone',
    file: 'src/engines/sqlite/sqlite-factors.ts',
    find: "ended: end(userId, 'factors_changed', keep)",
    replace: "ended: keep ? [] : end(userId, 'factors_changed', keep)",
    tests: ['test/http/totp.test.ts'],
  },
  {
    name: 'a changed secret loses the data key',
    file: 'src/keys/data-key.ts',
    find: 'const key = opened?.key ?? randomBytes(32)',
    replace: 'const key = randomBytes(32)',
    tests: ['test/keys/data-key.test.ts'],
  },
  {
    name: 'a data key that factors need is made anew',
    file: 'src/engines/sqlite/sqlite-keys.ts',
    find: 'AND ($ifUnused = 0 OR NOT EXISTS (SELECT 1 FROM factors))',
    replace: 'AND $ifUnused >= 0',
    tests: ['test/cli/factors.test.ts', ...stores],
  },
]
