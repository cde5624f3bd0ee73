/** Mail that is kept in this process, for practice and for the lab. */
import t from 'tap'
import { openTransport } from '../../src/mail/open-transport.ts'
import type { Message } from '../../src/mail/transport.ts'
import { movableClock } from '../helpers/clock.ts'
import { memoryMail } from '../helpers/mail.ts'

t.test('of mails in memory the last hundred are kept', async t => {
  const mailbox: Message[] = []
  const { send } = await openTransport(memoryMail, movableClock(), mailbox)
  for (let i = 0; i < 150; i++) await send({ id: String(i) } as Message, new AbortController().signal)
  t.equal(mailbox.length, 100)
  t.match([mailbox[0], mailbox.at(-1)], [{ id: '50' }, { id: '149' }])
})
