import type { Mutant } from './mutant.ts'

/** What a registration sends, and what its link is worth. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a registration sends a link where nobody asks for a proof',
    file: 'src/users/registration.ts',
    find: "email !== null && mailer && verification !== 'off'",
    replace: 'email !== null && mailer',
    tests: ['test/users/address-proof.test.ts'],
  },
  {
    name: 'the password of a registration can be guessed as often as anybody likes',
    file: 'src/users/registration.ts',
    find: 'await limit.guard(await limit.reserve(attempt), attempt, () => checkPassword(password, passwordHash, client))',
    replace: 'void attempt\n      await checkPassword(password, passwordHash, client)',
    tests: ['test/login/every-door.test.ts'],
  },
  {
    name: 'an invitation outlives the password that was set meanwhile',
    file: 'src/mail/links.ts',
    find: "purpose === 'reset' || purpose === 'invite'",
    replace: "purpose === 'reset'",
    tests: ['test/mail/links.test.ts'],
  },
  {
    name: 'an address that is to be the name may be the password',
    file: 'src/users/registration.ts',
    find: "username ?? email ?? '', '/password')",
    replace: "username ?? '', '/password')",
    tests: ['test/users/address-required.test.ts'],
  },
]
