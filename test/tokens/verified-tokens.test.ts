import { hash } from 'node:crypto'
import t from 'tap'
import type { AccessClaims } from '../../src/tokens/access-token.ts'
import { createVerifiedTokens } from '../../src/tokens/verified-tokens.ts'

const claims = (sub: string) => ({ sub }) as AccessClaims
const token = (n: number) => `header.payload.${hash('sha256', String(n), 'base64url')}`

t.test('a token is kept from its second time on', async t => {
  const verified = createVerifiedTokens(8)
  verified.add(token(1), claims('a'))
  t.equal(verified.get(token(1)), undefined)
  verified.add(token(1), claims('a'))
  t.equal(verified.get(token(1))?.sub, 'a')
})

t.test('as many tokens as it has room for, presented in turn, are all kept in the second round', async t => {
  const verified = createVerifiedTokens(512)
  for (let round = 0; round < 2; round++) for (let n = 0; n < 512; n++) verified.add(token(n), claims(String(n)))
  const kept = Array.from({ length: 512 }, (_, n) => verified.get(token(n))?.sub === String(n)).filter(Boolean)
  t.equal(kept.length, 512)
})

t.test('what comes once does not push out what comes often', async t => {
  const verified = createVerifiedTokens(64)
  for (let i = 0; i < 2; i++) verified.add(token(0), claims('0'))
  for (let n = 1; n < 1000; n++) verified.add(token(n), claims(String(n)))
  t.equal(verified.get(token(0))?.sub, '0')
})

t.test('another header or payload does not ride on a known signature', async t => {
  const verified = createVerifiedTokens(8)
  for (let i = 0; i < 2; i++) verified.add(token(1), claims('a'))
  t.equal(verified.get(token(1).replace('payload', 'PAYLOAD')), undefined)
  t.equal(verified.get(token(1).replace('header', 'HEADER')), undefined)
  for (let n = 2; n < 10; n++) for (let i = 0; i < 2; i++) verified.add(token(n), claims('b'))
  t.equal(verified.get(token(2).replace('payload', 'PAYLOAD')), undefined, 'nor on one of the older generation')
  t.equal(verified.get(token(2))?.sub, 'b')
})

t.test('what is used stays, what is not goes, and there are never more than two generations', async t => {
  const verified = createVerifiedTokens(8)
  const use = (n: number) => {
    if (verified.get(token(n))) return
    for (let i = 0; i < 2; i++) verified.add(token(n), claims(String(n)))
  }
  for (let n = 0; n < 200; n++) {
    use(n)
    use(0)
    const kept = Array.from({ length: n + 1 }, (_, i) => i).filter(i => i !== 0 && isKept(i))
    if (kept.length > 16) t.fail(`${kept.length} kept`)
  }
  t.equal(verified.get(token(0))?.sub, '0', 'used all the time')
  t.equal(verified.get(token(100)), undefined, 'not used for long')
  verified.clear()
  t.equal(verified.get(token(0)), undefined)

  /** Without using it, which would keep it. */
  function isKept(n: number): boolean {
    return n > 180 && verified.get(token(n)) !== undefined
  }
})

t.test('with a key goes everything it has verified, what was used long ago as well', async t => {
  const verified = createVerifiedTokens(4)
  for (let n = 0; n < 6; n++) for (let i = 0; i < 2; i++) verified.add(token(n), claims(String(n)))
  t.equal(verified.get(token(1))?.sub, '1', 'of the older generation')
  verified.clear()
  for (let n = 0; n < 6; n++) t.equal(verified.get(token(n)), undefined, String(n))
})

t.test('a token that is used all the time is never forgotten, however many others come', async t => {
  const verified = createVerifiedTokens(8)
  for (let i = 0; i < 2; i++) verified.add(token(0), claims('0'))
  for (let n = 1; n < 200; n++) {
    for (let i = 0; i < 2; i++) verified.add(token(n), claims(String(n)))
    if (verified.get(token(0))?.sub !== '0') return t.fail(`forgotten after ${n} others`)
  }
  t.equal(verified.get(token(0))?.sub, '0')
})
