/** What goes out of a user, and what comes in of a page and a passkey. */
import t from 'tap'
import type { User } from '../../src/stores/stores.ts'
import { limitOf } from '../../src/wire/paging.ts'
import { assertionOf } from '../../src/wire/passkey-schemas.ts'
import { userItem } from '../../src/wire/user-schemas.ts'

const user: User = {
  userId: 'id-ana',
  username: 'ana',
  email: 'ana@example.com',
  emailVerified: true,
  role: 'user',
  passwordHash: 'canary',
  foreignHash: false,
  disabled: true,
  credentialsVersion: 3,
  createdAt: 1_800_000_000,
  secondFactors: ['totp'],
}

t.test('a user goes out with six members, and never with a hash', async t => {
  t.strictSame(userItem(user), {
    user_id: 'id-ana',
    username: 'ana',
    email: 'ana@example.com',
    role: 'user',
    disabled: true,
    created_at: '2027-01-15T08:00:00.000Z',
  })
})

t.test('a page has 50 where nobody says how many', async t => {
  t.equal(limitOf({}), 50)
  t.equal(limitOf({ limit: '7' }), 7)
})

t.test('a passkey whose browser names no user is one that names none', async t => {
  const bytes = { clientDataJSON: 'a', authenticatorData: 'b', signature: 'c' }
  const given = { id: 'i', rawId: 'i', type: 'public-key' } as const
  for (const unnamed of [{}, { userHandle: null }]) {
    t.strictSame(assertionOf({ ...given, response: { ...bytes, ...unnamed } }).response, bytes)
  }
  t.equal(assertionOf({ ...given, response: { ...bytes, userHandle: 'u' } }).response.userHandle, 'u')
})
