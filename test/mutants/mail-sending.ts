import type { Mutant } from './mutant.ts'

const worker = 'src/mail/worker.ts'
const working = ['test/mail/worker.test.ts']

/** What goes out when, and how often. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a mail that hangs keeps all others waiting',
    file: worker,
    find: '      await forAWhile(act)\n',
    replace: '      await act\n',
    tests: working,
    only: 'hangs',
  },
  {
    name: 'the next try comes as soon as ever',
    file: worker,
    find: '30 * 2 ** (tries - 1)',
    replace: '30 * tries',
    tests: working,
    only: '451',
  },
  {
    name: 'what a server refuses for good is tried again',
    file: worker,
    find: 'isFinal ? null : retryAfter(mail.tries)',
    replace: 'retryAfter(mail.tries)',
    tests: working,
    only: '550',
  },
  {
    name: 'whoever was away for a while is written to less often',
    file: worker,
    find: 'address === null || tries > 1 || (await',
    replace: 'address === null || (await',
    tests: working,
    only: 'who was away for a while',
  },
  {
    name: 'a mail that a stop broke off is counted as failed',
    file: worker,
    find: '    if (stop.signal.aborted) return // broken off: the lease ends by itself\n',
    replace: '',
    tests: ['test/mail/worker.test.ts', 'test/processes/mail-kills.test.ts', 'test/http/stopping.test.ts'],
  },
  {
    name: 'another instance may send a mail that one is still sending',
    file: worker,
    find: 'const leaseSeconds = 2 * trySeconds',
    replace: 'const leaseSeconds = trySeconds / 2',
    tests: working,
    only: 'hangs',
  },
  {
    name: 'a mail waits for the best part of an hour when who tried it was killed',
    file: worker,
    find: 'const leaseSeconds = 2 * trySeconds',
    replace: 'const leaseSeconds = 60 * trySeconds',
    tests: working,
    only: 'hangs',
  },
  {
    name: 'many accounts that ask to move to an address flood it',
    file: 'src/mail/purposes.ts',
    find: " || purpose === 'change'",
    replace: '',
    tests: working,
    only: 'nor by many accounts',
  },
  {
    name: 'registrations by address alone flood it',
    file: 'src/mail/purposes.ts',
    find: " || purpose === 'register'",
    replace: '',
    tests: working,
    only: 'nor by many accounts',
  },
  {
    name: 'registrations of a name flood the address they give',
    file: 'src/mail/purposes.ts',
    find: "purpose === 'verify' || ",
    replace: '',
    tests: working,
    only: 'flood',
  },
  {
    name: 'a webhook that does not answer is waited for beyond the lease, and its mail goes out twice',
    file: 'src/mail/webhook.ts',
    find: "redirect: 'manual', signal })",
    replace: "redirect: 'manual' })",
    tests: ['test/mail/webhook.test.ts'],
  },
]
