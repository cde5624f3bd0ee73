import type { Mutant } from './mutant.ts'

const links = 'src/mail/links.ts'
const worker = 'src/mail/worker.ts'
const smtp = 'src/mail/smtp.ts'
const proof = 'src/users/address-proof.ts'
const recovery = 'src/users/recovery.ts'
const reset = ['test/users/recovery.test.ts']
const resetLinks = ['test/users/reset-links.test.ts']
const proven = [
  'test/users/address-proof.test.ts',
  'test/users/address-change.test.ts',
  'test/users/address-required.test.ts',
]

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
    tests: resetLinks,
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
    name: 'a link whose time was over while the password was hashed sets it',
    file: recovery,
    find: '          spend: mail.id,\n',
    replace: '',
    tests: ['test/users/link-races.test.ts'],
  },
  {
    name: 'a reset tells nobody',
    file: recovery,
    find: "mails: noticeTo({ ...user, emailVerified: true }, 'password_changed', languageFor(client.acceptLanguage)),",
    replace: 'mails: noticeTo({ ...user, emailVerified: false }, "password_changed", languageFor("")),',
    tests: reset,
  },
  {
    name: 'a redirect takes the links of a mail with it',
    file: 'src/mail/webhook.ts',
    find: "redirect: 'manual'",
    replace: "redirect: 'follow'",
    tests: ['test/mail/webhook.test.ts'],
  },
  {
    name: 'a signed request can be sent again at any time',
    file: 'src/mail/webhook.ts',
    find: '.update(`${messageId}.${timestamp}.${body}`)',
    replace: '.update(`${messageId}.${body}`)',
    tests: ['test/mail/webhook.test.ts'],
  },
  {
    name: 'a link for one thing is good for another',
    file: 'src/mail/mailer.ts',
    find: '!found || !isOneOf(found.mail, purposes) ||',
    replace: '!found || isOneOf(found.mail, []) ||',
    tests: resetLinks,
  },
  {
    name: 'the link of a forgotten password is good for a day',
    file: 'src/mail/purposes.ts',
    find: 'reset: 1800,',
    replace: 'reset: day,',
    tests: resetLinks,
  },
  {
    name: 'mails in memory are kept for ever',
    file: 'src/mail/open-transport.ts',
    find: '      if (mailbox.length > mostKept) mailbox.shift()\n',
    replace: '      void mostKept\n',
    tests: ['test/mail/mailbox.test.ts'],
  },
  {
    name: 'what was typed is lost with the secret that sealed it',
    file: 'src/mail/typed-name.ts',
    find: 'return keys.map(key => openWith',
    replace: 'return keys.slice(0, 1).map(key => openWith',
    tests: ['test/mail/links.test.ts'],
  },
  {
    name: 'a mail that is tried again is signed with the time of its writing, which receivers refuse as a replay',
    file: 'src/mail/webhook.ts',
    find: 'const timestamp = String(clock())',
    replace: 'const timestamp = String(at)',
    tests: ['test/mail/webhook.test.ts'],
  },
  {
    name: 'a 5xx to the text of a mail is tried again',
    file: 'src/mail/smtp.ts',
    find: "(error.code === 'EENVELOPE' || error.code === 'EMESSAGE')",
    replace: "error.code === 'EENVELOPE'",
    tests: ['test/mail/smtp.test.ts'],
  },
  {
    name: 'holiday notices come back',
    file: 'src/mail/smtp.ts',
    find: "          headers: { 'Auto-Submitted': 'auto-generated' },\n",
    replace: '',
    tests: ['test/mail/smtp.test.ts'],
  },
]
