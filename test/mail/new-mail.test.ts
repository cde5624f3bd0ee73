/** Whom news of an account goes to. */
import t from 'tap'
import { newMail, noticeTo } from '../../src/mail/new-mail.ts'

const user = { userId: 'id-ana', email: 'ana@example.com', emailVerified: true }

t.test('news goes to an address that is proven, and to no other', async t => {
  t.match(noticeTo(user, 'password_changed', 'de'), [
    { purpose: 'password_changed', userId: 'id-ana', address: 'ana@example.com', language: 'de' },
  ])
  t.strictSame(noticeTo({ ...user, emailVerified: false }, 'password_changed', 'de'), [])
})

t.test('each mail has an id of its own, and lasts as long as what is in it', async t => {
  const mails = ['reset', 'invite', 'password_changed'] as const
  const made = mails.map(purpose => newMail(purpose, 'id-ana', 'ana@example.com', 'en'))
  t.equal(new Set(made.map(({ id }) => id)).size, 3)
  for (const { id } of made) t.match(id, /^[\w-]{22}$/)
  t.strictSame(
    made.map(({ lastsSeconds }) => lastsSeconds),
    [1800, 7 * 86_400, 2 * 86_400],
  )
})
