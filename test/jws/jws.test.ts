/** One key, one algorithm: what it signs it takes, and nothing that only looks like it. */
import { generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { createJws } from '../../src/jws/jws.ts'
import { generateSigningKey, publicPem } from '../../src/keys/signing-key.ts'
import { aliasesOf, encodePart } from '../helpers/forge.ts'

for (const alg of ['ES256', 'EdDSA'] as const) {
  t.test(`${alg}: a signature is this key's, over this text, for this type, in its one spelling`, async t => {
    const { kid, publicJwk, privatePem } = await generateSigningKey(alg)
    const key = { kid, alg, publicPem: publicPem(publicJwk), privatePem }
    const jws = await createJws({ ...key, typ: 'at+jwt' })
    const token = jws.sign({ sub: 'ana', exp: 1 })
    t.equal(jws.isSigned(token), true, 'whenever it expires: time is judged elsewhere')
    t.equal(jws.isSigned(jws.sign({ sub: 'ana', nbf: 9_999_999_999 })), true, 'or begins')

    const [header = '', payload = '', signature = ''] = token.split('.')
    t.strictSame(JSON.parse(Buffer.from(header, 'base64url').toString()), { alg, typ: 'at+jwt', kid })
    for (const alias of aliasesOf(signature)) t.equal(jws.isSigned(`${header}.${payload}.${alias}`), false, alias)
    for (const other of ['AA', signature.slice(0, -2), `${signature}AA`]) {
      t.equal(jws.isSigned(`${header}.${payload}.${other}`), false, other)
    }
    t.equal(jws.isSigned(`${header}.${encodePart({ sub: 'eva', exp: 1 })}.${signature}`), false)

    const ofAnotherType = await createJws({ ...key, typ: 'rt+jwt' })
    t.equal(ofAnotherType.isSigned(token), false)
    const { publicJwk: another } = await generateSigningKey(alg)
    const stranger = await createJws({ kid, alg, typ: 'at+jwt', publicPem: publicPem(another) })
    t.equal(stranger.isSigned(token), false)
    t.throws(() => stranger.sign({}), 'without a private half it only checks')
  })
}

t.test('RS256: another algorithm of the same key is refused', async t => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  const privatePem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const jws = await createJws({ kid: 'k', alg: 'RS256', typ: 'at+jwt', publicPem, privatePem })
  const signed = (alg: string, hash: string) => {
    const input = `${encodePart({ alg, typ: 'at+jwt', kid: 'k' })}.${encodePart({ sub: 'ana' })}`
    return `${input}.${sign(hash, Buffer.from(input), privateKey).toString('base64url')}`
  }
  t.equal(jws.isSigned(signed('RS256', 'sha256')), true)
  t.equal(jws.isSigned(signed('RS512', 'sha512')), false)
  t.equal(jws.isSigned(signed('RS256', 'sha512')), false)
})
