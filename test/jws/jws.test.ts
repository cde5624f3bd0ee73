/** One key, one algorithm: what it signs it takes, and nothing that only looks like it. */
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
