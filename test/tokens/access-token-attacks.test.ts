/** Forged access tokens (RFC 7515, RFC 8725): headers, keys, signatures and spellings that must not be believed. */
import { createServer } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { aliasesOf, type Content, changeCharacter, encodePart, forge, signInput } from '../helpers/forge.ts'
import { byValue, createForger, nameOf } from '../helpers/forger.ts'

const service = await testApp(t)
const { app, me } = service
const { secret, issued, header, claims, forgeAccess, isRefused, areRefused } = await createForger(service)

t.test('the forger of these tests is believed when nothing is wrong', async t => {
  t.equal((await me(forgeAccess())).statusCode, 200)
  t.equal((await me(forgeAccess({ unknown: { claim: 1 } }))).statusCode, 200, 'unknown claims are ignored (RFC 7519)')
  for (const typ of ['AT+JWT', 'application/at+jwt']) {
    t.equal((await me(forgeAccess({}, { typ }))).statusCode, 200, `${typ} (RFC 9068 section 4)`)
  }
})

t.test('no algorithm but the one of the key is accepted, and none least of all', async t => {
  const signature = issued.access_token.split('.')[2]
  for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
    const input = `${encodePart({ ...header, alg })}.${encodePart(claims)}`
    await areRefused(t, {
      [`${alg} without a signature`]: `${input}.`,
      [`${alg} without its dot`]: input,
      [`${alg} with another's signature`]: `${input}.${signature}`,
      [`${alg} signed`]: signInput(input, secret),
    })
  }
  const others = [undefined, null, '', 5, [], {}, ['HS256'], 'hs256', 'HS256 ', 'RS256', 'ES256', 'EdDSA', 'HS384']
  await areRefused(
    t,
    byValue(others, alg => forgeAccess({}, { alg })),
  )
  await areRefused(t, {
    'a true HS384': forge({ ...header, alg: 'HS384' }, claims, secret, 'sha384'),
    'a true HS512': forge({ ...header, alg: 'HS512' }, claims, secret, 'sha512'),
    'SHA-512 under HS256': forge(header, claims, secret, 'sha512'),
  })
})

t.test('a kid is only ever looked up among the keys there are', async t => {
  const kid = String(header['kid'])
  const names = ['', '__proto__', 'constructor', 'toString', 'hasOwnProperty', kid.toLowerCase(), `${kid}\0`, ` ${kid}`]
  const payloads = ['../../../../dev/null', "' OR 1=1 --", '*)(uid=*', 'http://127.0.0.1:1/keys', 'k'.repeat(10_000)]
  const values: unknown[] = [undefined, null, 0, true, {}, [kid], { toString: kid }, ...names, ...payloads]
  await areRefused(
    t,
    byValue(values, value => forgeAccess({}, { kid: value })),
  )
  await areRefused(
    t,
    byValue([kid, ...values], value => forgeAccess({}, { kid: value }, '')),
  )
  await isRefused(t, 'another kid with the key of this one', forgeAccess({}, { kid: changeCharacter(kid, 0) }))
})

t.test('a header that asks for more than alg, kid and typ is refused, and nothing it points to is fetched', async t => {
  let connections = 0
  const server = createServer(socket => {
    connections++
    socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/keys`
  const own = 'k'.repeat(32)
  const jwk = { kty: 'oct', kid: 'own', k: encodePart(own) }
  const members = [
    ...[[], ['exp'], ['b64'], ['alg'], ['x', 'x'], 'exp', {}, null, true].map(crit => ({ crit })),
    ...[{ b64: false }, { b64: false, crit: ['b64'] }, { jku: url }, { x5u: url }, { jwk }, { x5c: ['MIIB'] }],
    ...[{ x5t: 'x' }, { zip: 'DEF' }, { cty: 'JWT' }, { enc: 'A256GCM' }, { iss: 'x' }, { '': '' }],
  ]
  await areRefused(
    t,
    byValue(members, member => forgeAccess({}, member)),
  )
  await areRefused(
    t,
    byValue([{ jwk }, { jku: url, kid: 'own' }, { x5u: url }], member => forgeAccess({}, member, own)),
  )
  await isRefused(t, '__proto__', forge(`${JSON.stringify(header).slice(0, -1)},"__proto__":{}}`, claims, secret))
  t.equal(connections, 0)
})

t.test('a signature missing, cut or changed in any bit is refused, and so is a change at any other byte', async t => {
  const token = issued.access_token
  const [h, c, s = ''] = token.split('.')
  await areRefused(t, {
    stripped: `${h}.${c}`,
    emptied: `${h}.${c}.`,
    'cut by a byte': `${h}.${c}.${Buffer.from(s, 'base64url').subarray(0, -1).toString('base64url')}`,
    'longer by a byte': `${h}.${c}.${Buffer.concat([Buffer.from(s, 'base64url'), Buffer.of(0)]).toString('base64url')}`,
    'of another key': forgeAccess({}, {}, `${secret}x`),
    'of other claims': `${h}.${encodePart({ ...claims, role: 'admin' })}.${s}`,
  })
  const statuses = new Map<number, number>()
  const present = async (attack: string) => {
    const { statusCode } = await me(attack)
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
  }
  for (let offset = 0; offset < token.length; offset++) await present(changeCharacter(token, offset))
  for (let bit = 0; bit < 256; bit++) {
    const bytes = Buffer.from(s, 'base64url')
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    await present(`${h}.${c}.${bytes.toString('base64url')}`)
  }
  t.strictSame([...statuses], [[401, token.length + 256]])
})

t.test('only the one canonical spelling of a token is that token (RFC 4648 sections 3.2 to 3.5)', async t => {
  const token = issued.access_token
  const parts = token.split('.')
  const respell = (at: number, part: string) => parts.with(at, part).join('.')
  const aliases = aliasesOf(parts[2] ?? '')
  t.equal(aliases.length, 3)
  await areRefused(
    t,
    byValue(aliases, alias => respell(2, alias)),
  )
  for (const [at, part] of parts.entries()) {
    const middle = part.length >> 1
    const spellings = [
      `${part}=`,
      `${part}==`,
      `${part}A`,
      `\u00a0${part}`,
      `${part}%3D`,
      `${part}\u{1d7d8}`,
      `${part}\0`,
    ]
    const insertions = ['+', '/', ' ', '\n', '\r\n', '=', '.'].map(
      one => part.slice(0, middle) + one + part.slice(middle),
    )
    for (const text of [...spellings, ...insertions]) await isRefused(t, nameOf(text), respell(at, text))
    for (const alias of at < 2 ? aliasesOf(part) : []) {
      const input = [parts[0], parts[1]].with(at, alias).join('.')
      await isRefused(t, 'an alias, signed', signInput(input, secret))
    }
  }
  await areRefused(t, {
    'claims with white space, signed': forge(header, JSON.stringify(claims, null, 1), secret),
    'claims after a BOM, signed': forge(header, `\ufeff${JSON.stringify(claims)}`, secret),
    'claims of invalid UTF-8, signed': forge(header, Buffer.from(`{"sub":"\xff"}`, 'latin1'), secret),
    'URL-encoded dots': token.replaceAll('.', '%2E'),
    'fullwidth dots': token.replaceAll('.', '\uff0e'),
    'JSON serialization': JSON.stringify({ protected: parts[0], payload: parts[1], signature: parts[2] }),
  })
})

t.test('a token has exactly two dots, and at most 4,096 bytes', async t => {
  const token = issued.access_token
  const shapes = ['a', '.', '..', '...', 'a.b', '.b.c', 'a..c', 'a.b.', `${token}.`, `.${token}`, `${token}.${token}`]
  await areRefused(
    t,
    byValue([...shapes, 'a.b.c.d.e', '.'.repeat(3000), '.'.repeat(15_000)], shape => shape),
  )

  const ofLength = (length: number) => {
    for (let filler = 3000 - token.length; ; filler++) {
      const padded = forgeAccess({ filler: 'f'.repeat(filler) })
      if (padded.length >= length) return padded
    }
  }
  const longest = ofLength(4095)
  t.ok(longest.length === 4095 || longest.length === 4096)
  t.equal((await me(longest)).statusCode, 200)
  await isRefused(t, 'just too long', ofLength(4097))
  await isRefused(t, '15 kB', ofLength(15_000))
})

t.test('a member name twice in the header or in the claims is refused, whichever comes first', async t => {
  const twice = (object: object, member: string, value: unknown): [Content, Content] => {
    const text = JSON.stringify(object)
    const extra = `${JSON.stringify(member)}:${JSON.stringify(value)}`
    return [`{${extra},${text.slice(1)}`, `${text.slice(0, -1)},${extra}}`]
  }
  for (const [member, value] of Object.entries({ alg: 'none', typ: 'JWT', kid: 'x', ...header })) {
    for (const text of twice(header, member, value)) await isRefused(t, String(text), forge(text, claims, secret))
  }
  for (const [member, value] of Object.entries({ sub: 'user-1', role: 'admin', exp: 2 ** 40, aud: claims['aud'] })) {
    for (const text of twice(claims, member, value)) await isRefused(t, String(text), forge(header, text, secret))
  }
  const escaped = JSON.stringify(claims).replace('"role"', '"r\\u006fle"')
  await isRefused(t, 'an escaped name', forge(header, escaped, secret))
})

t.test('no mutation of a token is accepted or causes an error', async t => {
  const character = fc.oneof(
    fc.constantFrom(...'.=+/-_Aa0 \n\0%"'),
    fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
  )
  const edit = fc.record({ at: fc.nat(700), remove: fc.nat(4), insert: fc.array(character, { maxLength: 4 }) })
  const part = fc.oneof(
    fc.json().map(encodePart),
    fc.base64String().map(text => text.replace(/=+$/, '')),
    fc.constant(''),
  )
  const mutation = fc.oneof(
    fc.array(edit, { minLength: 1, maxLength: 3 }).map(edits => (token: string) => edits.reduce(apply, token)),
    fc.tuple(fc.nat(2), part).map(
      ([at, text]) =>
        (token: string) =>
          token.split('.').with(at, text).join('.'),
    ),
    fc.nat(700).map(at => (token: string) => token.slice(0, at)),
    fc.json().map(text => () => forge(header, text, secret)),
    fc.json().map(text => () => forge(text, claims, secret)),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(issued.access_token, issued.refresh_token), mutation, async (token, mutate) => {
      const mutated = mutate(token)
      fc.pre(mutated.trim() !== token && mutated.trim() !== '')
      const authorization = `Bearer ${mutated}`
      const answers = [
        await me(mutated),
        await app.inject({ method: 'POST', url: '/refresh', body: { refresh_token: mutated } }),
        await app.inject({ method: 'POST', url: '/logout', headers: { authorization } }),
      ]
      return answers.every(({ statusCode }) => statusCode === 401)
    }),
    { numRuns: 500 },
  )
  t.equal((await me(issued.access_token)).statusCode, 200, 'and the token itself is still good')
})

function apply(text: string, { at, remove, insert }: { at: number; remove: number; insert: string[] }): string {
  const start = at % (text.length + 1)
  return text.slice(0, start) + insert.join('') + text.slice(start + remove)
}
