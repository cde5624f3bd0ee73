/** What the check of HS256 accepts and refuses, over secrets and tokens of any kind. */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createHmacCheck } from '../../src/jws/hmac.ts'

function signed(input: string, secret: string): string {
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

const secrets = fc.string({ minLength: 1, maxLength: 200, unit: 'binary' })
const inputs = fc.string({ minLength: 1, maxLength: 3000, unit: fc.constantFrom(...'abcXYZ019-_.') })

t.test('what Node signs is signed, under secrets shorter and longer than a block', async t => {
  fc.assert(fc.property(secrets, inputs, (secret, input) => createHmacCheck(secret)(signed(input, secret))))
  for (const length of [1, 63, 64, 65, 128]) {
    const secret = 'k'.repeat(length)
    t.equal(createHmacCheck(secret)(signed('a.b', secret)), true, `a secret of ${length} bytes`)
  }
})

t.test('another secret, another input and any change to the signature are refused', async t => {
  const position = fc.nat(42)
  const other = fc.string({ minLength: 1, maxLength: 1, unit: 'binary' })
  fc.assert(
    fc.property(secrets, inputs, position, other, (secret, input, at, character) => {
      const check = createHmacCheck(secret)
      const token = signed(input, secret)
      const dot = token.length - 43
      const changed = token.slice(0, dot + at) + character + token.slice(dot + at + 1)
      check(token) // what it leaves behind must not help the next one
      return (changed === token || !check(changed)) && !check(signed(`${input}x`, `${secret}y`)) && !check(`x${token}`)
    }),
  )
  const check = createHmacCheck('a secret')
  const token = signed('header.payload', 'a secret')
  t.equal(check(token), true)
  for (const wrong of ['', '.', token.slice(0, -1), `${token}A`, `${token}=`, token.replace('.', ''), 'a.b.', '.a.b']) {
    t.equal(check(wrong), false, wrong)
  }
})

t.test('a character that only looks like one byte of the token is refused', async t => {
  const check = createHmacCheck('a secret')
  const token = signed('header.payload', 'a secret')
  for (let at = 0; at < token.length; at++) {
    check(token)
    const wide = token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) + 256) + token.slice(at + 1)
    if (check(wide)) t.fail(`accepted with a wide character at ${at}`)
  }
  check(token)
  t.equal(check(`${token.slice(0, -1)}é`), false)
})

t.test('a letter of the signature in the other case is another letter', async t => {
  const check = createHmacCheck('a secret')
  const token = signed('header.payload', 'a secret')
  for (let at = token.lastIndexOf('.') + 1; at < token.length; at++) {
    const letter = token.charAt(at)
    const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
    if (other !== letter) t.equal(check(token.slice(0, at) + other + token.slice(at + 1)), false, `at ${at}`)
  }
})
