import type { Mutant } from './mutant.ts'

const links = 'src/mail/links.ts'
const worker = 'src/mail/worker.ts'
const smtp = 'src/mail/smtp.ts'
const templates = 'src/mail/templates.ts'
const proof = 'src/users/address-proof.ts'
const recovery = 'src/users/recovery.ts'
const reset = ['test/users/recovery.test.ts']
const proven = ['test/users/address-proof.test.ts']
const working = ['test/mail/worker.test.ts']

export const mutants: readonly Mutant[] = [
  {
    name: 'a link for a password outlives another change of it',
    file: links,
    find: 'setsPassword ? (user?.credentialsVersion ?? null) : null',
    replace: 'setsPassword ? null : null',
    tests: ['test/mail/links.test.ts'],
  },
  {
    name: 'a link is not bound to the address',
    file: links,
    find: '[purpose, id, userId, address, ',
    replace: '[purpose, id, userId, ',
    tests: ['test/mail/links.test.ts'],
  },
  {
    name: 'former secrets check no links',
    file: links,
    find: '[key, ...formerKeys].some',
    replace: '[key].some',
    tests: reset,
  },
  {
    name: 'whoever is disabled gets a link',
    file: worker,
    find: '!user.disabled && user.emailVerified',
    replace: 'user.emailVerified',
    tests: reset,
  },
  {
    name: 'an address that is not proven gets a link',
    file: worker,
    find: '!user.disabled && user.emailVerified',
    replace: '!user.disabled',
    tests: reset,
  },
  {
    name: 'who gives an address of somebody else gets a link to it',
    file: worker,
    find: 'return holder !== undefined && holder.userId !== userId',
    replace: 'return false',
    tests: proven,
  },
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
    name: 'STARTTLS is taken where there is one',
    file: smtp,
    find: "requireTLS: tls === 'required'",
    replace: 'requireTLS: false',
    tests: ['test/mail/smtp.test.ts'],
  },
  {
    name: "a server's words are kept, and a link with them",
    file: smtp,
    find: 'const parts = [error.responseCode, ',
    replace: 'const parts = [error.response, error.responseCode, ',
    tests: ['test/mail/smtp.test.ts'],
  },
  {
    name: 'a link in HTML is not escaped',
    file: templates,
    find: '<a href="${escaped(link)}">',
    replace: '<a href="${link}">',
    tests: ['test/mail/templates.test.ts'],
  },
  {
    name: 'the first proof leaves the password',
    file: proof,
    find: '...(!keepsPassword && { passwordHash: null }) }',
    replace: '...{} }',
    tests: proven,
  },
  {
    name: 'the first proof leaves the sessions',
    file: proof,
    find: "proves: address, end: 'email_changed' } as const",
    replace: 'proves: address } as const',
    tests: proven,
  },
  {
    name: 'the first proof leaves the factors',
    file: proof,
    find: '...(!keepsPassword && { dropsFactorsSince: 0 })',
    replace: '...{}',
    tests: proven,
  },
  {
    name: 'a token of anybody keeps the password',
    file: proof,
    find: 'const isOwn = proof.userId === user.userId',
    replace: 'const isOwn = proof.userId !== undefined',
    tests: proven,
  },
  {
    name: 'undoing leaves the password of the hijacker',
    file: proof,
    find: '...nameWith(user, address), passwordHash: null }',
    replace: '...nameWith(user, address) }',
    tests: proven,
  },
  {
    name: 'undoing leaves later ways back',
    file: proof,
    find: 'undoes: mail.createdAt, ',
    replace: '',
    tests: proven,
  },
  {
    name: 'a name that is the address stays behind',
    file: proof,
    find: "username.includes('@') ? { username: address } : {}",
    replace: '{}',
    tests: proven,
  },
  {
    name: 'a reset leaves the account waiting',
    file: recovery,
    find: '    await liftPasswordWaits(userId)\n',
    replace: '',
    tests: reset,
  },
  {
    name: 'the row of a link that was used stays',
    file: recovery,
    find: '          spend: mail.id,\n',
    replace: '',
    tests: ['test/mail/canaries.test.ts'],
  },
  {
    name: 'a reset tells nobody',
    file: recovery,
    find: "mails: noticeTo({ ...user, emailVerified: true }, 'password_changed', languageFor(client.acceptLanguage)),",
    replace: 'mails: noticeTo({ ...user, emailVerified: false }, "password_changed", languageFor("")),',
    tests: reset,
  },
  {
    name: 'an address can be flooded by registrations',
    file: 'src/mail/mailer.ts',
    find: '.count <= mostToAnAddress',
    replace: '.count > 0',
    tests: ['test/mail/worker.test.ts'],
  },
]
