import type { Mutant } from './mutant.ts'

/** Whose an address is, and a name that is one. */
export const mutants: readonly Mutant[] = [
  {
    name: 'an address in another spelling is given twice',
    file: 'src/users/address.ts',
    find: "  if (holder && holder.userId !== userId) throw new SignetError('taken', 'the address is stored in another spelling')\n",
    replace: '  void holder\n  void userId\n',
    tests: ['test/users/names.test.ts'],
  },
  {
    name: 'a name that is the address stays when the address changes',
    file: 'src/users/address.ts',
    find: '  return { email, username: email }\n',
    replace: '  return { email }\n',
    tests: ['test/users/names.test.ts'],
  },
  {
    name: 'an address of before stays as it is written',
    file: 'src/users/address.ts',
    find: 'return isFree ? { email: canonical } : {}',
    replace: 'return isFree ? {} : {}',
    tests: ['test/users/names.test.ts'],
  },
  {
    name: 'an address of before is rewritten over somebody’s',
    file: 'src/users/address.ts',
    find: ' && !(await users.findByEmail(canonical))',
    replace: '',
    tests: ['test/users/names.test.ts'],
  },
  {
    name: 'who keeps the own address is told that it is taken',
    file: 'src/users/address.ts',
    find: 'if (holder && holder.userId !== userId) throw',
    replace: 'if (holder) throw',
    tests: ['test/users/names.test.ts'],
  },
  {
    name: 'a name that is the address is left without one',
    file: 'src/users/address.ts',
    find: "  if (email === null) throw refused('/email', 'is the name as well, so it can be changed but not removed')\n",
    replace: '  if (email === null) return { email }\n',
    tests: ['test/users/names.test.ts', 'test/users/users.test.ts'],
  },
  {
    name: 'saving an address as it is proves it',
    file: 'src/users/address.ts',
    find: '  if (email === before.email && !before.emailVerified) return {}',
    replace: '  if (email === undefined) return {}',
    tests: ['test/users/takeovers.test.ts'],
  },
  {
    name: 'an invitation goes to an address that somebody has in its other spelling',
    file: 'src/users/accounts.ts',
    find: 'await users.findByEmail(...spellingsOf(email))',
    replace: 'await users.findByEmail(email)',
    tests: ['test/users/names.test.ts'],
  },
]
