/** E-mail addresses: one canonical form, and the spellings of before. */
import t from 'tap'
import { canonicalEmail, spellingsOf } from '../../src/names/email.ts'

t.test('an address has its domain in ASCII, as a browser sends it', async t => {
  for (const [written, canonical] of [
    ['Ana@Example.com', 'ana@example.com'],
    ['ana@exämple.de', 'ana@xn--exmple-cua.de'],
    ['ana@xn--exmple-cua.de', 'ana@xn--exmple-cua.de'],
    ['ana@EXA\u0308MPLE.de', 'ana@xn--exmple-cua.de'],
    ['ana@straße.de', 'ana@xn--strae-oqa.de'],
    ['ana@日本語。jp', 'ana@xn--wgv71a119e.jp'],
    [' ana@example.com\n', 'ana@example.com'],
    ['änne@example.com', 'änne@example.com'],
    ["o'neil+x@sub.example.com", "o'neil+x@sub.example.com"],
    ['root@localhost', 'root@localhost'],
    ['a@[127.0.0.1]', 'a@[127.0.0.1]'],
  ] as const) {
    t.equal(canonicalEmail(written), canonical)
    t.equal(canonicalEmail(canonical), canonical)
  }
})

t.test('what is no address is none, and a domain is never read as part of a URL', async t => {
  for (const text of [
    ...[
      '',
      'ana',
      '@',
      'a@',
      '@b',
      'a@b@c',
      'a b@c',
      'a@b c',
      'a@é/b',
      'a@é?b',
      'a@é#b',
      'a@é:80',
      'a@[::é]',
      'a@%61é',
    ],
    ...[`a@${'é'.repeat(300)}.de`, `${'a'.repeat(250)}@b.de`, `${'é'.repeat(125)}@b.de`, `a@${'b'.repeat(10_000)}`],
  ]) {
    t.equal(canonicalEmail(text), undefined, text.slice(0, 20))
  }
})

t.test('an address of before is found by both spellings, the one that was written first', async t => {
  t.strictSame(spellingsOf('ana@Exämple.de'), ['ana@exämple.de', 'ana@xn--exmple-cua.de'])
  t.strictSame(spellingsOf('ana@xn--exmple-cua.de'), ['ana@xn--exmple-cua.de', 'ana@exämple.de'])
  t.strictSame(spellingsOf('ana@mail.xn--exmple-cua.de'), ['ana@mail.xn--exmple-cua.de', 'ana@mail.exämple.de'])
  t.strictSame(spellingsOf('Ana@Example.com'), ['ana@example.com'])
  t.strictSame(spellingsOf('ana'), [])
  t.strictSame(spellingsOf('ana@é:80'), ['ana@é:80'], 'which was an address')
})
