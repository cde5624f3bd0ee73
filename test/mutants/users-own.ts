import type { Mutant } from './mutant.ts'

const own = 'src/users/own-account.ts'

/** What users do to their own accounts. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a new password of one’s own is not judged',
    file: own,
    find: "      await policy.check(next, user.username, '/new_password')\n",
    replace: '      void policy\n',
    tests: ['test/users/passwords.test.ts'],
  },
  {
    name: 'a change of password ends this session too',
    file: own,
    find: '          keep: sid,\n',
    replace: '',
    tests: ['test/users/passwords.test.ts'],
  },
  {
    name: 'a change of password wins over one that came in between',
    file: own,
    find: '          ifVersion: user.credentialsVersion,\n',
    replace: '',
    tests: ['test/users/passwords.test.ts'],
  },
  {
    name: 'the tokens of the other sessions live on here after a change of password',
    file: own,
    find: 'const sessionsEnded = refuseTokensOf(outcome.ended, revocations)',
    replace: 'const sessionsEnded = outcome.ended.length\n      void refuseTokensOf\n      void revocations',
    tests: ['test/users/passwords.test.ts'],
  },
  {
    name: 'a change of password is not audited',
    file: own,
    find: "      audit({ event: 'password.changed', sub: userId, sid, ip: client.ip, sessionsEnded })\n",
    replace: '      void sessionsEnded\n',
    tests: ['test/http/audit.test.ts'],
  },
  {
    name: 'a new password of one’s own may be the name',
    file: own,
    find: "      await policy.check(next, user.username, '/new_password')\n      const passwordHash",
    replace: "      await policy.check(next, '', '/new_password')\n      const passwordHash",
    tests: ['test/users/passwords.test.ts'],
  },
  {
    name: 'a new password of one’s own is hashed before it is judged',
    file: own,
    find: "      await policy.check(next, user.username, '/new_password')\n      const passwordHash = await hasher.hash(next, client)\n",
    replace:
      "      const passwordHash = await hasher.hash(next, client)\n      await policy.check(next, user.username, '/new_password')\n",
    tests: ['test/users/judged-first.test.ts'],
  },
  {
    name: 'a new password of one’s own is hashed before the old one is asked for',
    file: own,
    find: '      const user = await authentication.checkPassword(username, current, client)\n',
    replace:
      '      await hasher.hash(next, client)\n      const user = await authentication.checkPassword(username, current, client)\n',
    tests: ['test/users/judged-first.test.ts'],
  },
  {
    name: 'whoever changes the own password is not told by mail',
    file: 'src/users/own-account.ts',
    find: "          mails: mailer ? noticeTo(user, 'password_changed', mailer.languageFor(client.acceptLanguage)) : [],\n",
    replace: '          mails: mailer && noticeTo ? [] : [],\n',
    tests: [
      'test/users/audited.test.ts',
      'test/factors/notices.test.ts',
      'test/users/recovery.test.ts',
      'test/users/address-proof.test.ts',
      'test/users/address-change.test.ts',
      'test/users/address-required.test.ts',
    ],
  },
  {
    name: 'the last administrator deletes the own account',
    file: 'src/users/own-account.ts',
    find: 'accounts.delete(userId, { ip }, { keepAdmin: true })',
    replace: 'accounts.delete(userId, { ip })',
    tests: ['test/http/account.test.ts'],
  },
  {
    name: 'the token of somebody who is gone is a 404',
    file: 'src/users/own-account.ts',
    find: "  if (!(error instanceof SignetError && error.code === 'not_found')) throw error\n",
    replace: '  if (error) throw error\n',
    tests: ['test/http/account.test.ts', 'test/users/users.test.ts'],
  },
  {
    name: 'an own account is changed without saying from where',
    file: 'src/users/own-account.ts',
    find: 'accounts.change(userId, { username }, { ip })',
    replace: "accounts.change(userId, { username }, ip === '' ? { ip } : {})",
    tests: ['test/users/audited.test.ts', 'test/http/account.test.ts', 'test/http/audit.test.ts'],
  },
  {
    name: 'who does not know the password is told whether a new one would do',
    file: 'src/users/own-account.ts',
    find: "      const user = await authentication.checkPassword(username, current, client)\n      await policy.check(next, user.username, '/new_password')\n",
    replace:
      "      await policy.check(next, username, '/new_password')\n      const user = await authentication.checkPassword(username, current, client)\n",
    tests: ['test/users/judged-first.test.ts'],
  },
]
