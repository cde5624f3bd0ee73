/** Which secrets are refused, and that what is derived from a good one does not collide. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { deriveKey, secretWeakness } from '../../src/keys/secret.ts'

const refused: [string, RegExp][] = [
  ['', /shorter/],
  ['a'.repeat(31), /shorter/],
  ['a'.repeat(64), /too few/],
  ['0123456789'.repeat(4), /repeats/],
  ['correcthorsebattery'.repeat(2), /repeats/],
  ['abcdefghijklmnopqrstuvwxyz0123456789', /sequence/],
  ['your-256-bit-secret-your-256-bit-secret', /words/],
  ['a-string-secret-at-least-256-bits-long', /well-known/],
  ['09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7', /well-known/],
  ['09D25E094FAA6CA2556C818166B7A9563B93F7099F6F0F4CAA6CF63B88E8D3E7', /well-known/],
  ['change-this-super-secret-key-in-production', /words/],
  ['please_change_me_to_a_long_random_string!!', /words/],
  ['supersecretjwtkeyforlocaldevelopment1234', /words/],
  ['-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END', /PEM/],
  ['{"kty":"oct","k":"c2lnbmV0LXNpZ25ldC1zaWduZXQ"}', /PEM or JWK|comma/],
  [`${randomBytes(24).toString('base64url')},${randomBytes(8).toString('hex')}`, /comma/],
]

for (const [secret, reason] of refused) {
  t.test(`refused: ${JSON.stringify(secret).slice(0, 40)}`, async t => {
    const weakness = secretWeakness(secret)
    t.match(weakness, reason)
    if (secret) t.notOk(weakness?.includes(secret))
  })
}

t.test('random secrets are accepted in every usual spelling', async t => {
  const refused = new Set<string>()
  for (let i = 0; i < 2000; i++) {
    for (const secret of [
      randomBytes(32).toString('base64'),
      randomBytes(32).toString('base64url'),
      randomBytes(32).toString('hex'),
      randomBytes(16).toString('hex'),
      randomBytes(24).toString('base64url'),
    ]) {
      const weakness = secretWeakness(secret)
      if (weakness) refused.add(`${secret} ${weakness}`)
    }
  }
  t.strictSame([...refused], [])
})

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
