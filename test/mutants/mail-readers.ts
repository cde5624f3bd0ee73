import type { Mutant } from './mutant.ts'

const templates = 'src/mail/templates.ts'

/** What readers of mails get: which texts, and how many. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a link in HTML is not escaped',
    file: templates,
    find: '<a href="${escaped(link)}">',
    replace: '<a href="${link}">',
    tests: ['test/mail/templates.test.ts'],
  },
  {
    name: 'an address can be flooded by registrations',
    file: 'src/mail/mailer.ts',
    find: '.count <= mostToAnAddress',
    replace: '.count > 0',
    tests: ['test/mail/worker.test.ts'],
  },
  {
    name: 'a language that nobody wants is taken',
    file: 'src/mail/languages.ts',
    find: ' && quality > 0)',
    replace: ')',
    tests: ['test/mail/templates.test.ts'],
  },
  {
    name: 'the first language of a list counts, whatever it weighs',
    file: 'src/mail/languages.ts',
    find: '    .toSorted((a, b) => b.quality - a.quality)\n',
    replace: '',
    tests: ['test/mail/templates.test.ts'],
  },
  {
    name: 'an address that nobody has proven is told of what happens to the account',
    file: 'src/mail/new-mail.ts',
    find: 'return user.emailVerified ?',
    replace: 'return user.email !== null ?',
    tests: ['test/mail/new-mail.test.ts'],
  },
  {
    name: 'five mails a minute, not an hour, go to one address',
    file: 'src/mail/mailer.ts',
    find: 'limits.increment(`mail:${key}`, 3600)',
    replace: 'limits.increment(`mail:${key}`, 60)',
    tests: ['test/mail/worker.test.ts'],
    only: 'nobody floods an address',
  },
  {
    name: 'a mail promises another time than its link has',
    file: 'mails/reset.de.txt',
    find: '30 Minuten',
    replace: '24 Stunden',
    tests: ['test/mail/templates.test.ts'],
  },
]
