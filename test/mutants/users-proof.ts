import type { Mutant } from './mutant.ts'

export const mutants: readonly Mutant[] = [
  {
    name: 'a change of address has no way back',
    file: 'src/users/address-proof.ts',
    find: '{ spend: mail.id, proves: address, mails: [back] }',
    replace: '{ spend: mail.id, proves: address, mails: [back].slice(1) }',
    tests: [
      'test/users/address-proof.test.ts',
      'test/users/address-change.test.ts',
      'test/users/address-required.test.ts',
    ],
  },
  {
    name: 'a change of address outlives the session that asked for it',
    file: 'src/users/address-proof.ts',
    find: 'await mails.replace(mail, mostAnHour, sid)',
    replace: 'await mails.replace(mail, mostAnHour)',
    tests: [
      'test/users/link-races.test.ts',
      'test/users/takeovers.test.ts',
      'test/users/address-proof.test.ts',
      'test/users/address-change.test.ts',
      'test/users/address-required.test.ts',
    ],
  },
  {
    name: 'that an address was proven, changed or restored is not audited',
    file: 'src/users/address-proof.ts',
    find: '    audit({ event, sub: userId, ip: client.ip, sessionsEnded: refuseTokensOf(outcome.ended, revocations) })\n',
    replace: '    refuseTokensOf(outcome.ended, revocations)\n',
    tests: [
      'test/users/audited.test.ts',
      'test/users/address-proof.test.ts',
      'test/users/address-change.test.ts',
      'test/users/address-required.test.ts',
      'test/users/takeovers.test.ts',
    ],
  },
  {
    name: 'the tokens of before an address was proven or restored live on here',
    file: 'src/users/address-proof.ts',
    find: 'sessionsEnded: refuseTokensOf(outcome.ended, revocations)',
    replace: 'sessionsEnded: outcome.ended.length',
    tests: [
      'test/users/address-proof.test.ts',
      'test/users/address-change.test.ts',
      'test/users/address-required.test.ts',
      'test/users/takeovers.test.ts',
    ],
  },
  {
    name: 'a change of address that was asked for is not audited',
    file: 'src/users/address-proof.ts',
    find: "    audit({ event: 'email.change_asked', sub: userId, ip: client.ip })\n",
    replace: '',
    tests: [
      'test/users/audited.test.ts',
      'test/users/takeovers.test.ts',
      'test/users/address-proof.test.ts',
      'test/users/address-change.test.ts',
      'test/users/address-required.test.ts',
    ],
  },
  {
    name: 'who has an address that is not proven changes it all the same',
    file: 'src/users/address-proof.ts',
    find: 'if (email !== null && !emailVerified && address !== email) {',
    replace: "if (email !== null && !emailVerified && address === '') {",
    tests: [
      'test/users/address-proof.test.ts',
      'test/users/address-change.test.ts',
      'test/users/address-required.test.ts',
      'test/users/takeovers.test.ts',
    ],
  },
  {
    name: 'where proof is required, an account without it logs in',
    file: 'src/users/address-proof.ts',
    find: '    if (!isRequired || email === null || emailVerified) return\n',
    replace: '    if (email === null || emailVerified || isRequired) return\n',
    tests: [
      'test/users/address-proof.test.ts',
      'test/users/address-change.test.ts',
      'test/users/address-required.test.ts',
    ],
  },
  {
    name: 'a proof that was sent to another address proves this one',
    file: 'src/users/address-proof.ts',
    find: '(user.emailVerified || user.email !== mail.address)',
    replace: 'user.emailVerified',
    tests: ['test/users/link-races.test.ts'],
  },
  {
    name: 'a link that proved an address is followed again',
    file: 'src/users/address-proof.ts',
    find: '(user.emailVerified || user.email !== mail.address)',
    replace: 'user.email !== mail.address',
    tests: ['test/users/link-races.test.ts'],
  },
]
