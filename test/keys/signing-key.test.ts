/** A signing key: named as the standard says, and sealed so that no row can carry another's. */
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import { decryptPrivateKey, encryptPrivateKey, generateSigningKey } from '../../src/keys/signing-key.ts'

const key = Buffer.alloc(32, 1)

t.test('the name of a key is its RFC 7638 thumbprint, and its size is that of its algorithm', async t => {
  for (const [alg, bytes] of [
    ['ES256', undefined],
    ['EdDSA', undefined],
    ['RS256', 384],
  ] as const) {
    const { kid, publicJwk } = await generateSigningKey(alg)
    t.equal(kid, await calculateJwkThumbprint(publicJwk as Parameters<typeof calculateJwkThumbprint>[0]), alg)
    t.notOk('d' in publicJwk)
    if (bytes) t.equal(Buffer.from(publicJwk.n ?? '', 'base64url').length, bytes)
  }
})

t.test('a private half is opened by its key and its kid alone, and is never sealed twice alike', async t => {
  const { kid, privatePem } = await generateSigningKey('EdDSA')
  const sealed = encryptPrivateKey(privatePem, kid, key)
  t.equal(decryptPrivateKey(sealed, kid, key), privatePem)
  t.equal(decryptPrivateKey(sealed, `${kid}x`, key), undefined)
  t.equal(decryptPrivateKey(sealed, kid, Buffer.alloc(32, 2)), undefined)
  for (const at of [0, 12, 28, sealed.length - 1]) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    t.equal(decryptPrivateKey(changed, kid, key), undefined, `changed at ${at}`)
  }
  const nonces = Array.from({ length: 20 }, () => encryptPrivateKey(privatePem, kid, key).slice(0, 16))
  t.equal(new Set(nonces).size, 20, 'a nonce used twice would give the key away')
})
