/** What is derived from a secret does not collide. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { deriveKey } from '../../src/keys/secret.ts'

t.test('keys of another purpose, salt or secret have nothing in common', async t => {
  const [secret, salt] = [randomBytes(32).toString('hex'), randomBytes(32)]
  const keys = [
    deriveKey(secret, salt, 'signet refresh token'),
    deriveKey(secret, salt, 'signet kid'),
    deriveKey(secret, randomBytes(32), 'signet refresh token'),
    deriveKey(`${secret}x`, salt, 'signet refresh token'),
  ].map(key => key.toString('hex'))
  t.equal(new Set(keys).size, keys.length)
  t.equal(deriveKey(secret, salt, 'signet kid', 9).length, 9)
  t.same(deriveKey(secret, salt, 'signet kid'), deriveKey(secret, salt, 'signet kid'), 'and stay what they are')
})
