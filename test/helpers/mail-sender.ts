/**
 * A process that does nothing but send what is in an outbox, until it is killed: `node mail-sender.ts FILE PORT SECONDS`. Its
 * clock is ahead by so many seconds, so that leases of those killed before are over. It tells each claim on standard output.
 */
import { systemClock } from '../../src/base/clock.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { createMailer } from '../../src/mail/mailer.ts'
import { createSmtp } from '../../src/mail/smtp.ts'
import { readTemplates } from '../../src/mail/templates.ts'
import { memoryMail } from './mail-settings.ts'

const [path = '', port = '', ahead = ''] = process.argv.slice(2)
const stores = await openSqliteStores(path, () => systemClock() + Number(ahead))
const settings = { kind: 'smtp', host: '127.0.0.1', port: Number(port), tls: 'off', login: undefined } as const
const transport = createSmtp(settings, memoryMail.from)
const { worker } = createMailer({
  mailing: { settings: memoryMail, templates: readTemplates(undefined), transport, mailbox: [] },
  mails: stores.mails,
  users: stores.users,
  limits: stores.limits,
  secrets: ['of no use to anybody'],
  salt: stores.salt,
  publicUrl: 'http://localhost:3000',
  audit: () => {},
  log: { warn: console.error, error: console.error },
})
console.log('ready')
for (;;) {
  await worker.poll()
  await new Promise(resolve => setTimeout(resolve, 5))
}
